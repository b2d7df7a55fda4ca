"""Mail over SMTP: one message, one recipient, one connection, never inside a transaction."""

import smtplib
import ssl
from collections.abc import Callable
from email.message import EmailMessage

from services.safety.commands.send_alert import ClaimedMessage
from services.safety.domain.channels import Channel
from services.safety.timers.posts import NotTaken
from services.safety.timers.threads import OneThread
from shared.settings import MailSettings

ANSWER_SECONDS = 10.0
IMPLICIT_TLS_PORT = 465
Send = Callable[[MailSettings, ClaimedMessage], None]


def send_mail(settings: MailSettings, message: ClaimedMessage) -> None:
    """Hand a message to the mail server; returns when the server has taken it.

    Raises:
        OSError, smtplib.SMTPException: it was not taken, or nobody knows.
    """
    with _connect(settings) as server:
        if settings.username is not None and settings.password is not None:
            server.login(settings.username, settings.password.get_secret_value())
        server.send_message(_written(settings, message))


class MailPost:
    """The mail channel."""

    channel = Channel.MAIL

    def __init__(self, settings: MailSettings, *, send: Send = send_mail) -> None:
        self._settings = settings
        self._send = send
        self._thread = OneThread("mail")

    async def hand_over(self, message: ClaimedMessage) -> None:
        """Give it to the mail server, which then answers for it.

        Raises:
            NotTaken: the server did not take it, or nobody knows.
        """
        try:
            await self._thread.call(lambda: self._send(self._settings, message))
        except (OSError, smtplib.SMTPException) as failure:
            raise NotTaken(type(failure).__name__) from failure


def _connect(settings: MailSettings) -> smtplib.SMTP:
    host = settings.host or ""
    if settings.tls and settings.port == IMPLICIT_TLS_PORT:
        return smtplib.SMTP_SSL(
            host, settings.port, timeout=ANSWER_SECONDS, context=ssl.create_default_context()
        )
    server = smtplib.SMTP(host, settings.port, timeout=ANSWER_SECONDS)
    if settings.tls:
        server.starttls(context=ssl.create_default_context())
    return server


def _written(settings: MailSettings, message: ClaimedMessage) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = settings.sender or ""
    mail["To"] = message.address
    mail["Subject"] = message.message.subject
    mail["Message-ID"] = message.message_id
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.message.body)
    return mail
