"""The public pages as the gateway serves them: mounted under /pages, behind its guard, with their style sheets."""

from __future__ import annotations

import re

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount
from starlette.testclient import TestClient

from gateway.clock import utc_now
from gateway.metrics import Metrics
from gateway.store.database import Database
from gateway.web.app import _public_pages
from gateway.web.guard import Guard
from pages.app import create_pages


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    metrics = Metrics(Database(f"sqlite:///{tmp_path_factory.mktemp('pages') / 'gateway.db'}"), utc_now)
    return TestClient(Starlette(routes=[Mount("/pages", app=create_pages())], middleware=[Middleware(Guard, metrics=metrics)]))


def test_the_gateway_mounts_them() -> None:
    assert [route.path for route in _public_pages() if isinstance(route, Mount)] == ["/pages"]


def test_a_page_comes_with_the_guards_policy_and_its_style_sheets(browser: TestClient) -> None:
    answer = browser.get("/pages/checklists?lang=ja")
    assert answer.status_code == 200 and "書類チェックリスト" in answer.text
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "style-src 'self'" in policy and "unsafe" not in policy
    for sheet in re.findall(r'rel="stylesheet" href="([^"]+)"', answer.text):
        assert browser.get(sheet).headers["content-type"].startswith("text/css")


@pytest.mark.parametrize("address", ["/pages/", "/pages/nothing", "/pages/static/", "/pages/static/../app.py", "/pages/static/%2e%2e/app.py"])
def test_what_is_not_there_is_not_found(browser: TestClient, address: str) -> None:
    assert browser.get(address).status_code == 404
