"""Chromium through plain WebDriver: no package to install. What the tests need, and no more."""
from __future__ import annotations

import base64
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Callable, Optional

import requests

CHROMIUM = os.environ.get("MADOGUCHI_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--hide-scrollbars",
]  # fmt: skip
WHY_NOT = None if CHROMIUM and DRIVER else f"needs {'chromium' if not CHROMIUM else 'chromedriver'} (apt-get install chromium chromium-driver)"
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
KEYS = {"Backspace": "\ue003", "Enter": "\ue007", "Escape": "\ue00c", "Tab": "\ue004"}


class Browser:
    """One browser with an empty profile."""

    def __init__(self, width: int = 1440, height: int = 900) -> None:
        self.profile = tempfile.mkdtemp(prefix="madoguchi-browser-")
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        command = [str(DRIVER), f"--port={port}", "--allowed-ips=127.0.0.1"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.root = f"http://127.0.0.1:{port}"
        self.http = requests.Session()
        self.http.trust_env = False
        self.wait(lambda: self._up(), 20)
        options = {"binary": CHROMIUM, "args": [*FLAGS, f"--user-data-dir={self.profile}", f"--window-size={width},{height}"]}
        wanted = {"alwaysMatch": {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}}
        answer = self.http.post(f"{self.root}/session", json={"capabilities": wanted}, timeout=60).json()["value"]
        self.session = f"{self.root}/session/{answer['sessionId']}"
        self.size(width, height)

    def _up(self) -> bool:
        try:
            return bool(self.http.get(f"{self.root}/status", timeout=2).json()["value"]["ready"])
        except requests.RequestException:
            return False

    def quit(self) -> None:
        try:
            self.http.delete(self.session, timeout=10)
        finally:
            self.process.terminate()
            self.process.wait(10)
            shutil.rmtree(self.profile, ignore_errors=True)

    def post(self, path: str, **body: Any) -> Any:
        answer = self.http.post(f"{self.session}/{path}", json=body, timeout=60).json()["value"]
        if isinstance(answer, dict) and "error" in answer:
            raise AssertionError(f"{path}: {answer['message']}")
        return answer

    def get(self, path: str) -> Any:
        return self.http.get(f"{self.session}/{path}", timeout=60).json()["value"]

    # ------------------------------------------------------------ acts
    def open(self, url: str) -> None:
        self.post("url", url=url)

    def run(self, code: str, *arguments: Any) -> Any:
        """JavaScript; what it returns. A promise is waited for."""
        return self.post("execute/sync", script=code, args=list(arguments))

    def devtools(self, command: str, **parameters: Any) -> Any:
        return self.post("goog/cdp/execute", cmd=command, params=parameters)

    def size(self, width: int, height: int, phone: bool = False) -> None:
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone)
        self.devtools("Emulation.setTouchEmulationEnabled", enabled=phone)

    def media(self, scheme: str = "light", motion: str = "no-preference") -> None:
        features = {"prefers-color-scheme": scheme, "prefers-reduced-motion": motion}
        self.devtools("Emulation.setEmulatedMedia", features=[{"name": name, "value": value} for name, value in features.items()])

    def offline(self, on: bool) -> None:
        self.devtools("Network.enable")
        self.devtools("Network.emulateNetworkConditions", offline=on, latency=0, downloadThroughput=-1, uploadThroughput=-1)

    def screenshot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.get("screenshot")))

    def keys(self, text: str) -> None:
        """Types into whatever has the focus. Single keys by their names in KEYS."""
        pressed = [KEYS[text]] if text in KEYS else text
        acts = [{"type": act, "value": key} for key in pressed for act in ("keyDown", "keyUp")]
        self.post("actions", actions=[{"type": "key", "id": "keyboard", "actions": acts}])

    def tab(self) -> str:
        """A new tab, which becomes the present one."""
        handle = self.post("window/new", type="tab")["handle"]
        self.post("window", handle=handle)
        return str(handle)

    def switch(self, handle: str) -> None:
        self.post("window", handle=handle)

    def errors(self) -> list[str]:
        """Complaints in the console since the last look (also of the Content-Security-Policy)."""
        return [entry["message"] for entry in self.post("se/log", type="browser") if entry["level"] == "SEVERE"]

    # ------------------------------------------------------------ the widget
    def inside(self, code: str, *arguments: Any) -> Any:
        """JavaScript with the widget's shadow root as `root`."""
        return self.run(f"const root = document.querySelector('madoguchi-chat')?.shadowRoot; {code}", *arguments)

    def all(self, selector: str) -> int:
        return int(self.inside("return root.querySelectorAll(arguments[0]).length", selector))

    def text(self, selector: str) -> Optional[str]:
        found = self.inside("return root?.querySelector(arguments[0])?.innerText ?? null", selector)
        return str(found) if found is not None else None

    def texts(self, selector: str) -> list[str]:
        return list(self.inside("return [...root.querySelectorAll(arguments[0])].map((one) => one.innerText)", selector))

    def attribute(self, selector: str, name: str) -> Optional[str]:
        found = self.inside("return root.querySelector(arguments[0])?.getAttribute(arguments[1]) ?? null", selector, name)
        return str(found) if found is not None else None

    def visible(self, selector: str) -> bool:
        return bool(self.inside("return root?.querySelector(arguments[0])?.checkVisibility() ?? false", selector))

    def click(self, selector: str) -> None:
        """A real click in the middle of the element."""
        self.until(lambda: self.visible(selector), f"{selector} to be seen")
        show = "one.scrollIntoView({ block: 'center', behavior: 'instant' })"
        element = self.inside(f"const one = root.querySelector(arguments[0]); {show}; return one", selector)
        self.post(f"element/{element[ELEMENT]}/click")

    def focus(self, selector: str) -> None:
        self.inside("root.querySelector(arguments[0]).focus()", selector)

    def focused(self) -> str:
        """The element that has the focus, as tag.class; inside the widget, too."""
        code = "let one = document.activeElement; while (one.shadowRoot?.activeElement) one = one.shadowRoot.activeElement;"
        return str(self.run(code + "return `${one.localName}.${one.className}`"))

    def until(self, test: Callable[[], Any], what: str = "it", seconds: float = 8) -> Any:
        found = self.wait(test, seconds)
        assert found, f"waited {seconds} s for {what}"
        return found

    @staticmethod
    def wait(test: Callable[[], Any], seconds: float) -> Any:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = test()
            if found:
                return found
            time.sleep(0.03)
        return None
