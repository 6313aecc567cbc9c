"""Open Inference Protocol, version 2, over HTTP: KServe's and Triton's, with the extension for binary tensors.

Source: https://github.com/kserve/open-inference-protocol (`specification/protocol/inference_rest.md`) and Triton's
"Binary Tensor Data Extension". `paths` reads where a request goes, `tensors` is what is on the wire, `request` and
`rows` make a question of it, `outputs` an answer, `metadata` says what the model takes, `infer` puts them together.
"""
