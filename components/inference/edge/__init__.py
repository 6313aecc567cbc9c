"""A bundle as a static folder that answers in a browser, without a network: page, worker, codec, runtime, golden rows.

Nothing is built: what is served are the files of `page/`, those of the gateway's page that both share, the codec that
the kind brings in JavaScript (`browser/`), the answers that the task brings (`answers.js`), and ONNX Runtime's. The
same bundle and version give the same bytes.
"""

from components.inference.edge.examine import Examined, compressed, examine
from components.inference.edge.folder import EdgeFolder, write_edge
from components.inference.edge.runtime import fetch_runtime

__all__ = ["EdgeFolder", "Examined", "compressed", "examine", "fetch_runtime", "write_edge"]
