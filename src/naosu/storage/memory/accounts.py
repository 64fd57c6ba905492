"""People, tokens, sessions and installation-wide values in memory."""

from datetime import datetime

import msgspec

from naosu.domain.account import Account, ApiToken, Role, Session
from naosu.domain.errors import ConflictError, NotFoundError
from naosu.storage.ledger_keys import minute_of
from naosu.storage.memory.shelves import OnShelves

_replace = msgspec.structs.replace


class MemoryAccounts(OnShelves):
    """Who may use the server."""

    def create_account(
        self, *, email: str, password_hash: str, role: Role, language: str = "", now: datetime
    ) -> Account:
        """Make an account. Raises ConflictError when the address (in any case) is taken."""
        with self._shelves.lock:
            if self.find_account(email) is not None:
                raise ConflictError(f"There is an account for {email} already.")
            account = Account(
                id=self._shelves.new_id(),
                email=email,
                role=role,
                password_hash=password_hash,
                language=language,
                created_at=now,
            )
            self._shelves.accounts[account.id] = account
            return account

    def create_first_account(
        self, *, email: str, password_hash: str, language: str = "", link: tuple[str, str], now: datetime
    ) -> Account:
        """Make the first admin and spend the link, both or neither. Raises ConflictError when it is too late."""
        name, content = link
        with self._shelves.lock:
            if self._shelves.values.get(name) != content or self._shelves.accounts:
                raise ConflictError("The first account was made already.")
            del self._shelves.values[name]
            return self.create_account(
                email=email, password_hash=password_hash, role=Role.ADMIN, language=language, now=now
            )

    def list_accounts(self) -> list[Account]:
        """Return all accounts, by address."""
        with self._shelves.lock:
            return sorted(self._shelves.accounts.values(), key=lambda account: account.email.casefold())

    def find_account(self, email: str) -> Account | None:
        """Return the account with this address, in any case."""
        with self._shelves.lock:
            wanted = email.casefold()
            return next((one for one in self._shelves.accounts.values() if one.email.casefold() == wanted), None)

    def get_account(self, account_id: int) -> Account:
        """Return one. Raises NotFoundError."""
        with self._shelves.lock:
            account = self._shelves.accounts.get(account_id)
        if account is None:
            raise NotFoundError(f"There is no account {account_id}.")
        return account

    def update_account(
        self,
        account_id: int,
        *,
        password_hash: str | None = None,
        role: Role | None = None,
        language: str | None = None,
        disabled: bool | None = None,
    ) -> Account:
        """Change what is given. Raises NotFoundError."""
        given = {"password_hash": password_hash, "role": role, "language": language, "disabled": disabled}
        with self._shelves.lock:
            account = self.get_account(account_id)
            changed = _replace(account, **{name: value for name, value in given.items() if value is not None})
            self._shelves.accounts[account_id] = changed
            return changed

    def create_token(self, *, name: str, role: Role, token_sha256: str, now: datetime) -> ApiToken:
        """Keep a token's hash. Raises ConflictError when the name is taken by one not revoked."""
        with self._shelves.lock:
            if any(token.name == name and not token.revoked for token in self._shelves.tokens.values()):
                raise ConflictError(f"There is a token “{name}” already.")
            token = ApiToken(id=self._shelves.new_id(), name=name, role=role, token_sha256=token_sha256, created_at=now)
            self._shelves.tokens[token.id] = token
            return token

    def list_tokens(self) -> list[ApiToken]:
        """Return all tokens, revoked ones included."""
        with self._shelves.lock:
            return list(self._shelves.tokens.values())

    def find_token(self, token_sha256: str) -> ApiToken | None:
        """Return the token with this hash, unless revoked."""
        with self._shelves.lock:
            tokens = self._shelves.tokens.values()
            return next((one for one in tokens if one.token_sha256 == token_sha256 and not one.revoked), None)

    def touch_token(self, token_id: int, *, now: datetime) -> None:
        """Remember that it was used (to the minute)."""
        with self._shelves.lock:
            if token := self._shelves.tokens.get(token_id):
                self._shelves.tokens[token_id] = _replace(token, last_used_at=minute_of(now))

    def revoke_token(self, token_id: int) -> None:
        """It opens nothing any more. Raises NotFoundError."""
        with self._shelves.lock:
            token = self._shelves.tokens.get(token_id)
            if token is None:
                raise NotFoundError(f"There is no token {token_id}.")
            self._shelves.tokens[token_id] = _replace(token, revoked=True)

    def create_session(self, session: Session) -> None:
        """Keep a session."""
        with self._shelves.lock:
            self._shelves.sessions[session.session_sha256] = session

    def find_session(self, session_sha256: str, *, now: datetime) -> Session | None:
        """Return it unless it has expired."""
        with self._shelves.lock:
            session = self._shelves.sessions.get(session_sha256)
            return session if session is not None and session.expires_at > now else None

    def delete_session(self, session_sha256: str) -> None:
        """Sign out."""
        with self._shelves.lock:
            self._shelves.sessions.pop(session_sha256, None)

    def delete_sessions_of(self, account_id: int) -> None:
        """Sign out everywhere."""
        with self._shelves.lock:
            sessions = self._shelves.sessions
            for session in [one for one in sessions.values() if one.account_id == account_id]:
                del sessions[session.session_sha256]

    def get_value(self, name: str) -> str | None:
        """Return an installation-wide value (signing key, first-run link hash …)."""
        with self._shelves.lock:
            return self._shelves.values.get(name)

    def set_value(self, name: str, value: str | None) -> None:
        """Set or remove it."""
        with self._shelves.lock:
            if value is None:
                self._shelves.values.pop(name, None)
            else:
                self._shelves.values[name] = value

    def set_value_if_absent(self, name: str, value: str) -> str:
        """Set it unless it is set, and return what is set now."""
        with self._shelves.lock:
            return self._shelves.values.setdefault(name, value)
