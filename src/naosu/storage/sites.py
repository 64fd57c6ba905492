"""Keeping what was learnt of a crash site, also where two digesters learnt of it at the same time."""

from collections.abc import Callable

from naosu.domain.fingerprint import Site, Template

MergeSites = Callable[[Site, Site], Site]
"""Makes one state of two that were learnt apart."""

VARYING = "<*>"


def keep_newer(stored: Site, learnt: Site) -> Site:
    """Return the state that learnt more: for stores that only one digester writes to."""
    return learnt if learnt.revision > stored.revision else stored


def site_to_store(stored: Site | None, learnt: Site, merge_sites: MergeSites) -> Site:
    """Return the learnt state where it grew from the stored one, and what `merge_sites` makes of both where not."""
    if stored is None or _grew_from(learnt, stored):
        return learnt
    return stored if learnt == stored else merge_sites(stored, learnt)


def _grew_from(learnt: Site, stored: Site) -> bool:
    """Say whether nothing of the stored state is lost: each template is there, or absorbed, and no less general."""
    if learnt.revision <= stored.revision:
        return False
    own = {template.template_id: template for template in learnt.templates}
    absorbed = {name for template in learnt.templates for name in template.absorbed}
    return all(
        _is_at_least(own[template.template_id], template)
        if template.template_id in own
        else template.template_id in absorbed
        for template in stored.templates
    )


def _is_at_least(one: Template, other: Template) -> bool:
    return one.tokens.count(VARYING) >= other.tokens.count(VARYING)
