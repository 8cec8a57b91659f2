"""A bucket of an object store, opened by its address.

Rule: an address is shown to people, so it has no secret. Where the store is and who
asks is the environment's, under the names that every program of these stores knows, or
a file's with the same lines, which a service manager reads, too; what the file says
counts before the environment.

    AWS_ENDPOINT_URL=https://store.example
    AWS_ACCESS_KEY_ID=…

Source: https://docs.rs/object_store/latest/object_store/aws/enum.AmazonS3ConfigKey.html
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, cast

from obstore.store import from_url

from federation.blobs.fault import refused, shown_address
from federation.errors import ConfigError
from federation.text import Sentence

if TYPE_CHECKING:
    from obstore.store import ObjectStore, RetryConfig

#: What such a file may say.
KEYS: Final = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_ENDPOINT_URL",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
)
#: And these, of the connection: yes where a store has no TLS; how long is waited.
OPTIONS: Final = {"AWS_ALLOW_HTTP": "allow_http", "AWS_TIMEOUT": "timeout"}
_RETRIES: Final = 3


def check_address(address: str) -> None:
    """Refuse an address with a secret in it, and one of a store that nobody tried.

    Raises:
        ConfigError: it is such a one.
    """
    scheme, _, rest = address.partition("://")
    if not {"@", "?"}.isdisjoint(rest):
        why = Sentence("blobs.address-with-secret")
        raise ConfigError(shown_address(address), "", why)
    if scheme != "s3":
        raise ConfigError(address, "", Sentence("blobs.only-s3"))


def open_store(
    address: str,
    given: Mapping[str, str] | None = None,
    *,
    retries: int = _RETRIES,
    retry_for: timedelta | None = None,
) -> "ObjectStore":
    """The store at an address; nothing is asked of it yet.

    Args:
        address: `s3://bucket/below`.
        given: Some of `KEYS` and `OPTIONS`.
        retries: How often the library asks again by itself.
        retry_for: For how long it does, from the first time on; None: three minutes.
            What is under way then is waited for as long as any request.

    Raises:
        OSError: it is no address.
    """
    given = given or {}
    config = {key.lower(): value for key, value in given.items() if key in KEYS}
    options = {OPTIONS[key]: value for key, value in given.items() if key in OPTIONS}
    # Options replace those of the environment, so none are handed over but for some.
    words = {"config": config} if config else {}
    words |= {"client_options": options} if options else {}
    retry: RetryConfig = {"max_retries": retries}
    if retry_for is not None:
        retry["retry_timeout"] = retry_for
    with refused(shown_address(address)):
        return from_url(
            address,
            retry_config=retry,
            **cast("dict[str, Any]", words),
        )
