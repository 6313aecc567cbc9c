"""What the kinds' modules are made from: a LightningModule whose own bookkeeping costs less."""

from typing import Any

import lightning


class Module(lightning.LightningModule):
    """Lightning notes in its module, some fifty times a step, which hook it is in.

    torch looks through parameters, buffers and children each time that an attribute is set, which is most of what that
    costs; a name of a hook is none of them.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "_current_fx_name":
            self.__dict__[name] = value
        else:
            super().__setattr__(name, value)
