"""How often one address may ask for what anybody may read without signing in; a browser never comes near it."""

import time
from typing import Any

from flask import Flask
from flask_limiter import Limiter, RequestLimit
from flask_limiter.util import get_remote_address

from webapp import errors
from webapp.settings import Settings
from workflows.errors import Refusal

READING = "120 per minute; 1200 per hour"
"""A school's readers share one address: two classes may open a notice at the same moment."""

_SHARED = ("redis://", "rediss://")
"""Brokers that can count for all servers; with another each process counts for itself."""

limiter = Limiter(get_remote_address, strategy="moving-window", in_memory_fallback_enabled=True)


class AskedTooOften(Refusal):
    """One address has asked for a public page too often."""

    code = "requests.too_many"
    sentence = "同一网络地址在短时间内打开公示页的次数过多。"
    remedy = "请在 {seconds} 秒后再打开。"
    rule = "公示页不登录即可查看，对同一网络地址的访问次数有限制"
    status = 429


def init_app(app: Flask, settings: Settings) -> None:
    """Count in the broker where it can, in the memory of each process otherwise, or while the broker is away."""
    shared = settings.broker_url.startswith(_SHARED)
    app.config["RATELIMIT_STORAGE_URI"] = settings.broker_url if shared else "memory://"
    app.config["RATELIMIT_KEY_PREFIX"] = "tuancheng"
    limiter.init_app(app)


def refuse(breach: RequestLimit) -> Any:
    """The answer to whoever asks too often: what is the case, and from when on he may ask again."""
    seconds = max(1, round(breach.reset_at - time.time()))
    answer = errors.answer_refusal(AskedTooOften(seconds=seconds))
    answer.headers["Retry-After"] = str(seconds)
    return answer


reading = limiter.limit(READING, on_breach=refuse)
"""What a view of a public page is decorated with."""
