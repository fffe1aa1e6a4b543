"""tests/shipping/clean-root.sh runs this, and says what for."""

import argparse
import json
import re
from pathlib import Path

from .bases import say
from .image import Image
from .start import ADDRESSES, Compose, ask, status, until

TREE = Path(__file__).resolve().parents[3]


def main():
    arguments = argparse.ArgumentParser(prog="tests/shipping/clean-root.sh", description=__doc__)
    arguments.add_argument("what", choices=["image", "start"])
    arguments.add_argument("--work", type=Path, required=True, help="where the roots are made; three gigabytes")
    arguments.add_argument("--program", type=Path, help="a release of devauth that is built, with its pages: the stages that would build it are left out")
    arguments.add_argument("--cheap", action="store_true", help="build without optimization, one crate at a time")
    given = arguments.parse_args()
    image = Image(TREE, given.work)
    if given.what == "image":
        image.build(program=given.program, cheap=given.cheap)
        image.look()
        return
    compose = Compose(TREE, image, given.work / "compose")
    try:
        compose.up()
        use(compose)
    finally:
        compose.down()
    say("everything that was started works, and ended when it was told to")


def use(compose):
    """What a first look does: the pages, a developer, the mail; then a node goes and nobody notices; then another first start."""
    proxy = f"http://{ADDRESSES['proxy']}:8080"
    for address in (proxy, f"http://{ADDRESSES['devauth']}:8080", f"http://{ADDRESSES['devauth-2']}:8080"):
        code, text = ask(f"{address}/health/ready")
        assert code == 200 and json.loads(text)["status"] == "ok", text
    code, text = ask(f"{proxy}/", accept="text/html")
    script = re.search(r'src="(/[^"]+\.js)"', text)
    assert code == 200 and script, f"the portal's page: {code} {text[:200]}"
    assert status(proxy + script[1]) == 200
    person = json.dumps({"email": "ada@example.com", "password": "a long way to Tipperary"})
    code, text = ask(f"{proxy}/v1/portal/developers/signup", person)
    assert code == 201, text
    until("the mail is here", lambda: any("http://localhost:8080/" in mail for mail in compose.mails))
    assert ask(f"{proxy}/v1/portal/developers/login", person)[0] == 200

    say("stopping the first node")
    ended = compose.stop("devauth")
    assert ended == 0, f"exit status {ended}"
    assert [status(f"{proxy}/health/ready") for _ in range(10)] == [200] * 10

    say("a second start")
    before = files(compose)
    compose.setup("setup")
    assert files(compose) == before, "the keys or the password are others now"
    compose.devauth("devauth")
    assert ask(f"{proxy}/v1/portal/developers/login", person)[0] == 200


def files(compose):
    return {path: path.read_bytes() for path in (compose.folder / "volumes").glob("*/*")}


main()
