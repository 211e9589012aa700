"""A process that is ended by its own id and whose standard output can be waited for."""

import signal
import subprocess
import threading

from .waiting import until


class Process:
    """Runs `command`. Lines of standard output are kept; standard error goes to the file `errors`."""

    def __init__(self, command, errors, environment=None, **options):
        self.errors = errors
        with open(errors, "wb") as file:
            self.popen = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=file,
                env=environment,
                text=True,
                errors="replace",
                **options,
            )
        self.lines = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.popen.stdout:
            self.lines.append(line.rstrip("\n"))

    def error_text(self):
        """What was written to standard error so far."""
        return self.errors.read_text(errors="replace")

    def wait_for(self, what, attempt, patience_s=10):
        """Polls `attempt` and gives up at once when the process has ended."""

        def alive_attempt():
            if result := attempt():
                return result
            if self.popen.poll() is not None:
                raise AssertionError(f"ended with {self.popen.returncode} before {what}:\n{self.error_text()[-4000:]}")
            return None

        return until(what, alive_attempt, patience_s)

    def wait_for_line(self, has):
        """The first line of standard output for which `has` is true."""
        return self.wait_for("a line of output", lambda: next(filter(has, list(self.lines)), None))

    def end(self, with_signal=signal.SIGTERM):
        """Asks the process to end, insists after a while, and returns its exit code."""
        if self.popen.poll() is None:
            self.popen.send_signal(with_signal)
        try:
            self.popen.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
        self._reader.join(timeout=5)
        self.popen.stdin.close()
        return self.popen.returncode
