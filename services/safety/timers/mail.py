"""Mail over SMTP: one message, one recipient, one connection, never inside a transaction."""

import smtplib
import ssl
from email.message import EmailMessage

from services.safety.commands.send_alert import ClaimedMessage
from shared.settings import MailSettings

ANSWER_SECONDS = 10.0
IMPLICIT_TLS_PORT = 465


def send_mail(settings: MailSettings, message: ClaimedMessage) -> None:
    """Hand a message to the mail server; returns when the server has taken it.

    Raises:
        OSError, smtplib.SMTPException: it was not taken, or nobody knows.
    """
    with _connect(settings) as server:
        if settings.username is not None and settings.password is not None:
            server.login(settings.username, settings.password.get_secret_value())
        server.send_message(_written(settings, message))


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
