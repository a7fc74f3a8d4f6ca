"""What a viewer does not see, and what nobody has to be sent again."""

from __future__ import annotations

from tests.service.operated import Operator, park
from tests.service.web.asking import ENDPOINTS, WEB, Program, asking


async def test_a_viewer_sees_nobody(operator: Operator) -> None:
    """Every address as a viewer, with a hold, a failure and a plan to show == no name, address, or secret."""
    employees = operator.here.sandbox.account.employees
    ana, ben, *_ = operator.people()
    ours = employees[ana]["account"]["email"]
    operator.here.config["web"] = WEB
    operator.target["scope"] = f'person.account.email != "nobody@example.com" && person.id != "{ben}"'
    operator.target["limits"] = {"remove": {"count": 0, "percent": 0}}
    await park(operator, ana)
    operator.here.sandbox.actions.leave(employee=operator.people()[2])
    await operator.sync(patience=1.0)
    operator.here.sandbox.actions.hire()
    texts = operator.texts(list(employees)) | {"nobody@example.com"}
    texts |= {operator.target["token"], operator.here.sandbox.api_key, *WEB["tokens"]["the-viewer"].values()}
    seen: dict[str, str] = {}
    async with operator.bridge() as bridge, asking(bridge) as changed:
        hold = (await changed.get("/holds", role="viewer"))["items"][0]["id"]
        names = {"id": ana, "name": "directory"}
        for one in ENDPOINTS:
            if one.method == "GET" and one.needs == "viewer":
                path = one.path.replace("/holds/{id}", f"/holds/{hold}").format_map(names)
                if one.path != "/groups/{id}":
                    seen[path] = (await changed("GET", path, role="viewer")).text
        assert ours in (await changed("GET", f"/people/{ana}")).text
        assert (
            ours in (await changed("GET", "/plan")).text or "Planted" in (await changed("GET", "/plan")).text
        )
    assert len(seen) > 12
    for path, text in seen.items():
        found = {one for one in texts - {"viewer"} if one in text}
        assert not found, (path, found)
        assert "Planted" not in text, path


async def test_what_was_seen_is_not_sent_again(program: Program, operator: Operator) -> None:
    """If-None-Match with the ETag == 304 without a body, until something has changed; kept by nobody else."""
    first = await program("GET", "/people")
    assert first.headers["Cache-Control"] == "private, no-cache"
    etag = first.headers["ETag"]
    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        again = await program("GET", "/people", headers={"If-None-Match": known})
        assert (again.status, again.text, again.headers["ETag"]) == (304, "", etag)
    assert (await program("GET", "/people", headers={"If-None-Match": '"other"'})).status == 200
    assert (await program("HEAD", "/people")).headers["ETag"] == etag
    operator.here.sandbox.actions.rename(employee=operator.people()[0], last_name="Ñandú")
    await operator.sync()
    program.wait()
    assert (await program("GET", "/people", headers={"If-None-Match": etag})).status == 200
