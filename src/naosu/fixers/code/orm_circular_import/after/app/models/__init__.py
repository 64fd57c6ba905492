from app.models.team import Team
from app.models.hero import Hero
