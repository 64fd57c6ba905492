import os

from dotenv import load_dotenv

load_dotenv()
SECRET = os.environ["JWT_SECRET"]
