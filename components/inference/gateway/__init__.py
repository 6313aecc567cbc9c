"""The gateway: one ASGI middleware before BentoML's own routes, in which everything of ours at the endpoint lives.

A request becomes a `Call` (`call.py`), which goes this way (`app.py`):

1. `Policies.guards`, in order: each is `guard(call) -> Reply | None`. The first `Reply` is the answer: 401, 429, a
   preflight's 204. A guard may write into the call what it found (`call.caller`) and its word for why (`call.outcome`).
2. A route, by path: `Policies.routes[path]` is `route(call) -> Reply`, for GET and HEAD (`/`, `/metrics`, `/about`).
   They are not counted into the queue.
3. Admission: `JOURNEYMAN_QUEUE` calls in hand, 429 beyond; `JOURNEYMAN_DEADLINE`, 504 beyond.
4. `POST /predict`, `/explain` and `/labels` are answered here (`operations.py`, `request/`); all else by BentoML, whose
   errors become ours in shape.
5. `Policies.headers`, in order: each is `headers(call) -> Iterable[(name, value)]`, lower-case bytes: added to every
   answer, BentoML's too. `call.status` is known then.
6. `Policies.observers`, in order: each is `observe(call) -> None`, when the answer is sent or its reader gone;
   `call.status`, `seconds`, `outcome`, `answers`, `version`, `received` are known then.

`components.inference.service` makes the `Policies`. `Engine.ran` is told the size of each run of the model.
All of them run in the event loop and must take microseconds.
"""
