"""The provider as a resource, for programs that work with several accounts."""

from __future__ import annotations

import pulumi


class Provider(pulumi.ProviderResource):
    """One Twilio account; pass it as `opts=pulumi.ResourceOptions(provider=…)`."""

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        account_sid: pulumi.Input[str] | None = None,
        auth_token: pulumi.Input[str] | None = None,
        api_key_sid: pulumi.Input[str] | None = None,
        api_key_secret: pulumi.Input[str] | None = None,
        base_url: pulumi.Input[str] | None = None,
        delete_retry_seconds: pulumi.Input[str] | None = None,
    ) -> None:
        """Declare one; secrets stay encrypted in state.

        Args:
            resource_name: Its logical name in the program.
            opts: Pulumi's options.
            account_sid: The account's SID; falls back to TWILIO_ACCOUNT_SID.
            auth_token: The account's auth token; falls back to TWILIO_AUTH_TOKEN.
            api_key_sid: SID of an API key used instead; falls back to TWILIO_API_KEY.
            api_key_secret: The API key's secret; falls back to TWILIO_API_SECRET.
            base_url: Address to talk to instead of Twilio; falls back to TWILIO_BASE_URL.
            delete_retry_seconds: How many seconds a delete is repeated that Twilio refuses.
        """
        super().__init__(
            "twilio",
            resource_name,
            {
                "accountSid": account_sid,
                "authToken": _secret(auth_token),
                "apiKeySid": api_key_sid,
                "apiKeySecret": _secret(api_key_secret),
                "baseUrl": base_url,
                "deleteRetrySeconds": delete_retry_seconds,
            },
            opts,
        )


def _secret(value: pulumi.Input[str] | None) -> pulumi.Output[str] | None:
    return None if value is None else pulumi.Output.secret(value)
