"""The client for asyncio: `_client.py` with other I/O. A test compares their methods."""

import asyncio
from types import TracebackType
from typing import Any, Dict, List, Optional, Type, TypeVar

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from . import _answers, _calls, _tokens
from ._base import BaseClient
from ._calls import Call
from ._errors import DevAuthError
from ._models import Session, TokenIntrospection, Tokens, User, VerifiedToken
from ._time import Clock

T = TypeVar("T")


class AsyncDevAuthClient(BaseClient):
    """Talks to DevAuth for one application. Tasks of one event loop may share it; make one per loop and keep it.

    Every method raises a `DevAuthError`: `ServiceUnavailableError` when there is no
    usable answer, a subclass of `ApiError` when DevAuth refused. Requests that are safe to repeat are repeated after 429, 503
    and broken connections, with growing, jittered pauses.

    Example:
        ```python
        client = AsyncDevAuthClient(
            app_id="app_…", api_key=os.environ["DEVAUTH_API_KEY"], base_url="https://auth.example.com"
        )
        claims = await client.verify_token(token)
        ```
    """

    def __init__(
        self,
        app_id: str,
        api_key: str,
        base_url: str,
        *,
        issuer: Optional[str] = None,
        timeout: float = 10.0,
        max_retries: int = 2,
        keys_max_age: float = 3600.0,
        introspection_cache_seconds: float = 0.0,
        clock: Optional[Clock] = None,
        transport: Optional[httpx.AsyncBaseTransport] = None,
    ) -> None:
        """Makes no request.

        Args:
            app_id: The application, `app_…`.
            api_key: One of its API keys. `introspect_token` and strict verification take a secret one, `dvk_sk_…`.
            base_url: Where DevAuth is reached from here.
            issuer: DevAuth's public URL, which tokens carry as `iss`, if it is not the same as `base_url`.
            timeout: Seconds that connecting, sending, or waiting for the next bytes may take in each try.
            max_retries: How often a request is sent again at most.
            keys_max_age: Seconds after which a fetched key set is not used any more, though DevAuth can't be reached. While it
                can, keys are fetched anew as often as it says (5 minutes).
            introspection_cache_seconds: How long strict verification may go by an earlier answer for the same token. A token
                is refused that much later after a logout. 0: every one asks.
            clock: Another clock, for tests.
            transport: How requests are sent instead of over the network, for tests.

        Raises:
            ConfigurationError: a value can't work.
        """
        super().__init__(
            app_id,
            api_key,
            base_url,
            issuer=issuer,
            timeout=timeout,
            max_retries=max_retries,
            keys_max_age=keys_max_age,
            introspection_cache_seconds=introspection_cache_seconds,
            clock=clock,
        )
        self._http = httpx.AsyncClient(timeout=self._timeout, transport=transport)
        # Made by the loop that needs it: in Python 3.9 a lock belongs to the loop that is there when it is made.
        self._fetching: Optional[asyncio.Lock] = None

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> "AsyncDevAuthClient":
        return self

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        await self.aclose()

    # Named here too, or the API reference leaves it out.
    on_behalf_of = BaseClient.on_behalf_of

    async def verify_token(self, token: str, *, strict: bool = False) -> VerifiedToken:
        """Verifies an access token.

        Locally: signature, issuer, application, kind and time are checked here with DevAuth's public keys, which are fetched
        once and kept. A session that was ended is noticed when the token expires, after 15 minutes at most.

        Strictly: what passes those checks is introspected as well, so a token is refused from the moment of a logout.

        Args:
            token: What came as `Authorization: Bearer …`.
            strict: Whether to introspect too; takes a secret API key.

        Returns:
            The token's claims: `sub` is the user, `sid` the session.

        Raises:
            AuthenticationError: the token is not good.
            ServiceUnavailableError: DevAuth could not be asked, so nothing is known about the token.
        """
        key = await self._key(_tokens.key_id_of(token))
        verified = self._verify(token, key, strict=strict)
        if not strict:
            return verified
        asked = self._clock.now()
        kept = self._introspections.get(token, asked)
        if kept is not None:
            return kept
        verified = self._confirmed(verified, await self.introspect_token(token))
        self._introspections.put(token, verified, asked)
        return verified

    async def introspect_token(self, token: str) -> TokenIntrospection:
        """Asks DevAuth what an access token is good for now (RFC 7662). Takes a secret API key.

        Args:
            token: An access token, or anything else.

        Returns:
            Its claims with `active` True, or nothing but `active` False.
        """
        return await self._send(_calls.introspect_token(token))

    async def get_user(self, access_token: str) -> User:
        """The user whom an access token belongs to, as they are now.

        Raises:
            AuthenticationError: the token is not good, or its session has ended.
        """
        return await self._send(_calls.get_user(access_token))

    async def signup(
        self,
        email: str,
        password: str,
        *,
        metadata: Optional[Dict[str, Any]] = None,
        idempotency_key: Optional[str] = None,
    ) -> Optional[User]:
        """Signs a user up. A mail with a verification link goes out.

        Args:
            email: Their address.
            password: The password they want.
            metadata: Anything the application wants to keep with the user; at most 4 KiB of JSON,
                nested at most 64 levels deep.
            idempotency_key: 16 to 64 printable ASCII characters. Calls with the same key are carried out once within 24 hours;
                without one, that holds for the retries of this call.

        Returns:
            The user; None if the application's signup mode is `strict`, where nobody learns whether the address was free.

        Raises:
            ConflictError: `email_taken`.
            ValidationFailedError: the address or the password is not acceptable; `errors` says why.
        """
        return await self._send(_calls.signup(email, password, metadata, idempotency_key))

    async def login(self, email: str, password: str) -> Tokens:
        """Starts a session.

        Raises:
            AuthenticationError: `invalid_credentials`: the address or the password is wrong, or the user is suspended.
            RateLimitError: `account_locked` or `account_protected` after too many failures.
        """
        return await self._send(_calls.login(email, password))

    async def refresh(self, refresh_token: str) -> Tokens:
        """Trades a refresh token for new tokens. The old one is of no use afterwards: keep the new one.

        Raises:
            AuthenticationError: the session is over. With `refresh_token_reused` somebody may have copied the token.
        """
        return await self._send(_calls.refresh(refresh_token))

    async def logout(self, refresh_token: str) -> None:
        """Ends a session. A token that is unknown or whose session has ended is fine too."""
        await self._send(_calls.logout(refresh_token))

    async def logout_all(self, access_token: str) -> None:
        """Ends all sessions of the user whom the token belongs to."""
        await self._send(_calls.logout_all(access_token))

    async def list_sessions(self, access_token: str) -> List[Session]:
        """The living sessions of the user whom the token belongs to, newest first."""
        return await self._send(_calls.list_sessions(access_token))

    async def revoke_session(self, access_token: str, session_id: str) -> None:
        """Ends one session of the user whom the token belongs to.

        Raises:
            NotFoundError: the session has ended already, or is not theirs.
        """
        await self._send(_calls.revoke_session(access_token, session_id))

    async def request_email_verification(self, email: str) -> None:
        """Mails a new verification link, if there is such a user; nobody learns whether there is."""
        await self._send(_calls.request_email_verification(email))

    async def verify_email(self, token: str) -> User:
        """Takes the token of a verification link.

        Raises:
            BadRequestError: `token_invalid`: unknown, used, expired, or replaced by a newer one.
        """
        return await self._send(_calls.verify_email(token))

    async def request_password_reset(self, email: str) -> None:
        """Mails a link to set a new password, if there is such a user; nobody learns whether there is."""
        await self._send(_calls.request_password_reset(email))

    async def confirm_password_reset(self, token: str, password: str) -> User:
        """Sets a new password with the token of a reset link. Ends every session of the user.

        Raises:
            BadRequestError: `token_invalid`: unknown, used, expired, or replaced by a newer one.
            ValidationFailedError: the password is not acceptable.
        """
        return await self._send(_calls.confirm_password_reset(token, password))

    async def change_password(self, access_token: str, current_password: str, password: str) -> None:
        """Sets a new password for the user whom the token belongs to. Ends their other sessions.

        Raises:
            AuthenticationError: the token is not good, or (`invalid_credentials`) the current password is wrong.
            ValidationFailedError: the new password is not acceptable.
        """
        await self._send(_calls.change_password(access_token, current_password, password))

    async def _key(self, kid: str) -> RSAPublicKey:
        found = self._keys.find(kid, self._clock.now())
        # Who has a key does not wait for somebody else's fetch; who has none does, and finds what it brought.
        if self._fetching is None:
            self._fetching = asyncio.Lock()
        if found.fetch and (found.key is None or not self._fetching.locked()):
            async with self._fetching:
                found = self._keys.find(kid, self._clock.now())
                if found.fetch:
                    await self._fetch_keys(retries=0 if found.key else None)
                    found = self._keys.find(kid, self._clock.now())
        return _answers.present(found.key)

    async def _fetch_keys(self, retries: Optional[int]) -> None:
        asked = self._clock.now()
        try:
            fetched = await self._send(_calls.key_set(), retries)
        except DevAuthError:
            self._keys.failed(self._clock.now())
        else:
            self._keys.replace(fetched, asked)

    async def _send(self, call: Call[T], max_retries: Optional[int] = None) -> T:
        request = self._request(call)
        attempts = self._attempts(call, max_retries)
        while True:
            try:
                response = await self._http.request(**request)
            except httpx.RequestError as error:
                pause = attempts.after_failure(error)
                if pause is None:
                    raise _answers.unreachable(error) from error
            else:
                pause = attempts.after_answer(response)
                if pause is None:
                    return _answers.read(call, response)
            await self._clock.sleep_async(pause)
