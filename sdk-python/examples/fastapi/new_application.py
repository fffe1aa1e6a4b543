"""Makes a developer, an application and its keys at a DevAuth that runs on this machine, and prints them as lines for `.env`.

For a first try. Otherwise a person does this once, in the portal.
"""

import os
import secrets
import sys
from typing import Any, Dict
from urllib.parse import urlsplit

import httpx


def main() -> None:
    """Prints the lines."""
    url = os.environ.get("DEVAUTH_URL", "http://localhost:8080").rstrip("/")
    if urlsplit(url).hostname not in ("localhost", "127.0.0.1", "::1"):
        sys.exit(f"{url} is not on this machine: set DEVAUTH_APP_ID and DEVAUTH_API_KEY.")
    developer = {"email": f"example-{secrets.token_hex(4)}@example.com", "password": secrets.token_urlsafe(24)}
    origins = os.environ.get("ALLOWED_ORIGINS", "http://localhost:5173").split(",")
    with httpx.Client(base_url=f"{url}/v1/portal", timeout=30) as portal:

        def call(method: str, path: str, **body: Any) -> Dict[str, Any]:
            try:
                answer = portal.request(method, path, json=body)
            except httpx.TransportError:
                sys.exit(f"Nobody answers at {url}. Start DevAuth with ./dev up, or set DEVAUTH_URL.")
            if not answer.is_success:
                sys.exit(f"{method} {path}: {answer.text}")
            members: Dict[str, Any] = answer.json()
            return members

        call("POST", "/developers/signup", **developer)
        token = call("POST", "/developers/login", **developer)["access_token"]
        portal.headers["authorization"] = f"Bearer {token}"
        app = call("POST", "/applications", name="FastAPI example", environment="development")["app_id"]
        call("PATCH", f"/applications/{app}", settings={"allowed_origins": origins})
        keys = f"/applications/{app}/api-keys"
        secret = call("POST", keys, label="the API", type="secret")["key"]
        publishable = call("POST", keys, label="its pages", type="publishable")["key"]
    lines = {
        "DEVAUTH_URL": url,
        "DEVAUTH_APP_ID": app,
        "DEVAUTH_API_KEY": secret,
        "DEVAUTH_PUBLISHABLE_KEY": publishable,
    }
    sys.stdout.writelines(f"{name}={value}\n" for name, value in lines.items())


if __name__ == "__main__":
    main()
