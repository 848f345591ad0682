"""What becomes of a template: its review, its pauses for low quality, and the webhooks that say so."""

from functools import partial

from edge_api.sandbox.hooks import template_change
from edge_api.sandbox.refusals import Json
from edge_api.sandbox.templates import PAUSES, Template, review
from edge_api.sandbox.world import World


def set_status(
    world: World, template: Template, status: str, *, reason: str = "NONE", hints: Json | None = None
) -> None:
    """What becomes of a template, and its webhook."""
    template.status, template.reason, template.hints = status, reason, hints or {}
    world.deliveries.send(template_change(world.account.waba_id, template))
    world.note("template", id=template.id, name=template.name, status=status, reason=reason)
    world.moved()


def pause(world: World, template: Template) -> None:
    """Low quality: three hours, then six, then the end of it."""
    if template.pauses == len(PAUSES):
        set_status(
            world, template, "DISABLED", hints={"disable_info": {"disable_date": int(world.clock.now())}}
        )
        return
    title, seconds = PAUSES[template.pauses]
    template.pauses += 1
    told = (
        f"Your WhatsApp message template has been paused for {seconds // 3600} hours because of low quality."
    )
    set_status(world, template, "PAUSED", hints={"other_info": {"title": title, "description": told}})
    world.agenda.after(seconds, partial(_resume, world, template, template.pauses))


def _resume(world: World, template: Template, pauses: int) -> None:
    if template.status == "PAUSED" and template.pauses == pauses:
        told = {"title": "UNPAUSE", "description": "Your WhatsApp message template has been unpaused."}
        set_status(world, template, "APPROVED", hints={"other_info": told})


def decide(world: World, template: Template) -> None:
    """The review of a pending template."""
    if template.status != "PENDING" or template.id not in world.templates:
        return
    reason, info = review(template)
    reason = world.settings.rejects.get(template.name, reason)
    if reason == "NONE":
        set_status(world, template, "APPROVED")
    else:
        set_status(world, template, "REJECTED", reason=reason, hints={"rejection_info": info} if info else {})
