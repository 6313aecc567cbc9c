"""The section `prices` of `params.yaml`: what the ledger turns hours into. Empty: costs are told in hours and kWh."""

from datetime import date
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from components.config.params import PARAMS, parse, read_yaml
from components.config.section import Section

Price = Annotated[float, Field(ge=0.0)]
_INTO_EURO = {
    "ATS",
    "BEF",
    "BGN",
    "CYP",
    "DEM",
    "EEK",
    "ESP",
    "FIM",
    "FRF",
    "GRD",
    "HRK",
    "IEP",
    "ITL",
    "LTL",
    "LUF",
    "LVL",
}
_INTO_EURO |= {"LVL", "MTL", "NLG", "PTE", "SIT", "SKK"}


class Prices(Section):
    """What the hardware costs, all in one currency."""

    currency: Annotated[str, Field(pattern=r"^([A-Z]{3})?$")] = ""
    """The currency of all prices, three letters of ISO 4217, as `EUR`."""
    dated: str = ""
    """The day on which the prices held, in quotes, for DVC takes no bare date: `"2026-11-01"`."""
    source: str = ""
    """Whose prices they are: a list, a contract, an invoice; shown beside every sum of money."""
    cpu_hour: Price | None = None
    """One core (of a virtual machine one vCPU) for an hour."""
    gpu_hour: dict[str, Price] = {}
    """One GPU for an hour, by its name, as the ledger shows it; a part of the name will do, as `H200`."""
    kwh: Price | None = None
    """One kilowatt-hour. Leave it out where `prices.cpu_hour` has the energy in it."""
    gb_month: Price | None = None
    """A gigabyte (10^9 bytes) kept for a month."""
    transfer: Price | None = None
    """A gigabyte (10^9 bytes) that an endpoint sends."""

    @field_validator("currency")
    @classmethod
    def _is_current(cls, currency: str) -> str:
        if currency in _INTO_EURO:
            raise ValueError("there is no such currency any more, it became EUR")
        return currency

    @field_validator("dated", mode="before")
    @classmethod
    def _is_past(cls, dated: object) -> object:
        if isinstance(dated, date):
            raise ValueError(f'write it in quotes, "{dated}": DVC, which reads the file too, takes no bare date')
        if dated and date.fromisoformat(str(dated)) > date.today():
            raise ValueError("that day is still to come; write the day on which the prices held")
        return dated

    @model_validator(mode="after")
    def _say_whose(self) -> Self:
        if self.any and not (self.currency and self.dated and self.source):
            raise ValueError("prices have a currency, the day on which they held, and a source: write the three")
        return self

    @property
    def any(self) -> bool:
        """Whether there is a price."""
        return bool(self.gpu_hour) or any(
            price is not None for price in (self.cpu_hour, self.kwh, self.gb_month, self.transfer)
        )


def read_prices(path: Path = PARAMS) -> Prices:
    """Return the section `prices` of the file; one that is not there, or says nothing, has no price in it.

    Raises:
        ConfigError: one line for what is wrong with it.
    """
    return parse(_Section, {"prices": read_yaml(path).get("prices") or {}}, f"{path}: ").prices


class _Section(Section):
    prices: Prices
