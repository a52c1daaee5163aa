"""Signing in and out, and changing the password."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_login import current_user

from webapp import errors, identity
from webapp.pages.form_view import FieldView
from webapp.pages.furniture import safe_next
from workflows.domain.accounts import PasswordTooWeak
from workflows.errors import InvalidData

bp = Blueprint("account", __name__)


@bp.get("/sign-in")
def sign_in() -> Any:
    """The sign-in page; who is signed in already is led on."""
    if identity.is_signed_in():
        return redirect(url_for("home.start"))
    return _sign_in_page()


@bp.post("/sign-in")
def try_to_sign_in() -> Any:
    """Sign in and go where the person wanted to go."""
    answer = identity.sign_in(request.form.get("login", ""), request.form.get("password", ""))
    if answer.refusal is not None:
        return _sign_in_page(answer.refusal.message(gettext)), 422
    return redirect(safe_next(request.form.get("next")) or url_for("home.start"), code=303)


def _sign_in_page(refusal: str = "") -> str:
    fields = [
        FieldView(
            "login", gettext("登录名"), "textfield", value=request.form.get("login", ""), autocomplete="username"
        ),
        FieldView("password", gettext("密码"), "password", autocomplete="current-password"),
    ]
    wanted = request.values.get("next", "")
    return render_template("account/sign_in.html", fields=fields, refusal=refusal, next=safe_next(wanted) or "")


@bp.post("/sign-out")
def sign_out() -> Any:
    """Sign out everywhere."""
    if identity.is_signed_in():
        identity.sign_out()
        flash(gettext("您已退出。"), "good")
    return redirect(url_for("account.sign_in"), code=303)


@bp.get("/password")
@identity.signed_in_needed
def change_password() -> str:
    """The page to change one's password."""
    return _password_page()


@bp.post("/password")
@identity.signed_in_needed
def try_to_change_password() -> Any:
    """Change the password; a refusal shows the page again."""
    new = request.form.get("new", "")
    try:
        if new != request.form.get("again", ""):
            raise InvalidData(fields={"again": gettext("两次输入的新密码不一致，请重新输入")})
        identity.change_password(request.form.get("present", ""), new)
    except InvalidData as refusal:
        answer = errors.answer_refusal(refusal)  # undoes the request and keeps the refusal on record
        answer.set_data(_password_page(refusal))
        return answer
    flash(gettext("密码已修改，其他设备上的登录已退出。"), "good")
    return redirect(url_for("home.start"), code=303)


def _password_page(refusal: InvalidData | None = None) -> str:
    wrong = {key: gettext(text) for key, text in refusal.fields.items()} if refusal else {}
    fields = [
        FieldView(
            "present", gettext("原密码"), "password", autocomplete="current-password", error=wrong.get("present", "")
        ),
        FieldView(
            "new",
            gettext("新密码"),
            "password",
            autocomplete="new-password",
            help=gettext(PasswordTooWeak.rule),
            error=wrong.get("new", ""),
        ),
        FieldView(
            "again", gettext("再输一次新密码"), "password", autocomplete="new-password", error=wrong.get("again", "")
        ),
    ]
    return render_template(
        "account/password.html",
        fields=fields,
        errors=wrong,
        refusal=refusal.message(gettext) if refusal else "",
        first=current_user.account.must_change,
    )
