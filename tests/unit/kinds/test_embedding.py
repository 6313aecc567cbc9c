import torch

from components.kinds.embedding import Embedding


def test_it_is_the_features_or_their_parts_along_orthonormal_directions() -> None:
    features = torch.randn(5, 200)
    with torch.inference_mode():
        first = Embedding(200)  # whoever asks first must not spoil it for a trace
    assert not Embedding(200).directions.is_inference()
    assert torch.allclose(first.directions.T @ first.directions, torch.eye(64), atol=1e-5)
    assert Embedding(200)(features).shape == (5, 64)
    assert torch.equal(Embedding(64)(features[:, :64]), features[:, :64])
