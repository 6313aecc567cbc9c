"""The sections of a plan, in the order in which a person asks."""

from collections.abc import Sequence

from components.pages.blocks import Block, BulletList, Definitions, Paragraph, Section, Table
from components.plan.contents import Plan, Served, figure_of
from components.plan.figure import Figure
from components.plan.page.drawings import latency_drawing, share_drawing
from components.plan.page.values import COLUMNS, interval, row, said


def cores(count: int) -> str:
    """Return so many cores, in words."""
    return "1 core" if count == 1 else f"{count} cores"


def headline(plan: Plan) -> list[tuple[str, str, str]]:
    """Return what is first: label, value, note."""
    own = plan.first
    found = []
    if own.fleet:
        found.append(("replicas", f"{own.fleet.replicas}", f"{cores(own.fleet.workers)} each, one replica spare"))
        found.append(("p99", said(own.fleet.p99.value, "s"), f"at {said(plan.demand.busiest, '/s')}, a replica lost"))
    else:
        found.append(("replicas", "none", f"no number keeps p99 within {said(plan.demand.p99, 's')}"))
    for label, figures in (("inference a month", own.figures), ("training a month", plan.training)):
        money, hours = figure_of(figures, "money a month"), figure_of(figures, "CPU hours a month")
        chosen = money if money and money.value is not None else hours
        if chosen and chosen.value is not None:
            note = "CPU" if chosen is hours else chosen.known
            found.append((label, said(chosen.value, chosen.unit), note))
    return found


def sections(plan: Plan) -> list[Section]:
    """Return all of them."""
    warned: list[Section] = [Section("Before you read", [BulletList(plan.warnings)])] if plan.warnings else []
    return [
        *warned,
        Section("Both phases", [_phases(plan)]),
        *(_model(plan, served) for served in plan.served),
        *([_beside(plan)] if len(plan.served) > 1 else []),
        Section("Training", [_table(plan.training)]),
        *([Section("On other machines", [_table(plan.hosts)])] if plan.hosts else []),
        Section("Edge, GPU, and what endpoints have taken", [_table(plan.beyond)]),
        Section("The value of more", [_table(plan.value), *_made(plan)]),
        Section("Break-even", [*_even(plan)]),
        Section("What is assumed, and how to change it", [Definitions(plan.assumptions)]),
    ]


def _phases(plan: Plan) -> Table:
    """Return the comparison that the literature makes in words."""
    own, once = plan.first.figures, plan.training

    def cell(figures: Sequence[Figure], name: str) -> str:
        found = figure_of(figures, name)
        if found is None:
            return "not known"
        between = interval(found)
        return f"{said(found.value, found.unit)}{f' ({between})' if between else ''}, {found.known}"

    fleet = plan.first.fleet
    held = f"{fleet.replicas} replicas of {cores(fleet.workers)}, all the time" if fleet else "not known"
    rows = [
        ["objective", plan.objective, f"an answer within {said(plan.demand.p99, 's')}, 99 of 100"],
        ["time taken", cell(once, "time of one training"), cell(own, "p99 at the busiest time, one replica lost")],
        ["how often", f"{plan.demand.trainings:.3g} a month", f"{plan.demand.answers:,.0f} answers a month"],
        ["infrastructure", f"{plan.machine}, while it runs", held],
        ["memory", cell(once, "memory"), cell(own, "memory of a replica")],
        ["CPU hours a month", cell(once, "CPU hours a month"), cell(own, "CPU hours a month")],
        ["energy a month", cell(once, "energy a month"), cell(own, "energy a month")],
        ["money a month", cell(once, "money a month"), cell(own, "money a month")],
    ]
    return Table(["", "training", "inference"], rows)


def _model(plan: Plan, served: Served) -> Section:
    drawing = latency_drawing(plan, served)
    blocks: list[Block] = [drawing] if drawing else []
    if served.fleet is None:
        alone = served.model.predictor.service.alone
        blocks.append(
            Paragraph(
                f"No number of workers keeps p99 within {said(plan.demand.p99, 's')}: a request that is alone takes "
                f"{said(alone, 's')} of work and {said(served.model.predictor.service.beside, 's')} on its way."
            )
        )
    needed = [figure for figure in served.figures if " a m" not in figure.name]  # a month, a million answers
    blocks += [Table(COLUMNS, [row(figure) for figure in needed], "What it needs")] if needed else []
    cost = [row(figure) for figure in served.figures if figure not in needed]
    blocks += [Table(COLUMNS, cost, "What it costs")] if cost else []
    blocks.append(Table(COLUMNS, [row(figure) for figure in served.service], "One worker, as measured"))
    return Section(f"Inference: {served.model.name}", blocks)


def _beside(plan: Plan) -> Section:
    """Return the models side by side."""
    names = ("workers of a replica, a core each", "replicas", "CPU an answer", "memory of a replica")
    rows = []
    for served in plan.served:
        found = [figure_of(served.figures, name) for name in names]
        metric = "not known" if served.model.metric is None else f"{served.model.metric:.4f}"
        cells = [said(each.value, each.unit) if each else "" for each in found]
        million = figure_of(served.figures, "CPU hours a million answers")
        rows.append([served.model.name, metric, *cells, said(million.value, million.unit) if million else ""])
    columns = ["", plan.metric, "workers", "replicas", "CPU an answer", "memory", "CPU hours a million"]
    return Section("The models beside each other", [Table(columns, rows)])


def _made(plan: Plan) -> list[Block]:
    if not plan.made:
        return []
    rows = [[each.version, each.recipe, f"{each.metric:.4f}", said(each.cpu, "s")] for each in plan.made]
    caption = "Registered versions: what each reached on its test split, and the CPU time of its making, by the ledger"
    return [Table(["version", "recipe", plan.metric, "CPU"], rows, caption)]


def _even(plan: Plan) -> list[Block]:
    drawing = share_drawing(plan)
    blocks: list[Block] = [_table(plan.even)] if plan.even else []
    blocks += [drawing] if drawing else []
    return blocks or [Paragraph("Not known: there is one model, and no line of a training in the ledger.")]


def _table(figures: Sequence[Figure]) -> Table:
    return Table(COLUMNS, [row(figure) for figure in figures])
