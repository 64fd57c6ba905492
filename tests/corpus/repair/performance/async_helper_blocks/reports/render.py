import subprocess
import sys


def render_report(number):
    done = subprocess.run([sys.executable, "-c", f"import time; time.sleep(0.7); print('report {number}')"], capture_output=True, text=True)
    return done.stdout.strip()
