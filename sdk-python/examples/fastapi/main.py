"""An API whose users log in with DevAuth. `./run` starts it.

It keeps no users and no sessions: each request brings an access token, which is verified here.
"""

import os
from contextlib import asynccontextmanager
from typing import AsyncIterator, Dict, Union

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from devauth import AsyncDevAuthClient, VerifiedToken
from devauth.fastapi import CurrentUser, DevAuthMiddleware, StrictUser

client = AsyncDevAuthClient(
    app_id=os.environ["DEVAUTH_APP_ID"],
    api_key=os.environ["DEVAUTH_API_KEY"],
    base_url=os.environ.get("DEVAUTH_URL", "http://localhost:8080"),
)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Closes the client's connections at the end."""
    async with client:
        yield


app = FastAPI(title="An API protected by DevAuth", lifespan=lifespan)
app.add_middleware(DevAuthMiddleware, client=client)
# Outside of the middleware above, so that pages may read its refusals too.
app.add_middleware(
    CORSMiddleware,
    allow_origins=os.environ.get("ALLOWED_ORIGINS", "http://localhost:5173").split(","),
    allow_methods=["GET"],
    allow_headers=["authorization"],
    expose_headers=["www-authenticate"],
)

Me = Dict[str, Union[str, int, bool]]


@app.get("/api/me")
async def me(user: CurrentUser) -> Me:
    """Who is it? Verified locally: fast, and good until the token expires."""
    return {**described(user), "verified": "locally"}


@app.get("/api/me/strict")
async def me_strict(user: StrictUser) -> Me:
    """The same by introspection: refused from the moment of a logout."""
    return {**described(user), "verified": "by introspection"}


@app.get("/api/health")
async def health() -> Dict[str, str]:
    """Needs no token."""
    return {"status": "ok"}


def described(user: VerifiedToken) -> Me:
    """What this API tells of a user."""
    return {
        "id": user.sub,
        "email": user.email,
        "email_verified": user.email_verified,
        "session": user.sid,
        "expires_at": user.exp,
    }
