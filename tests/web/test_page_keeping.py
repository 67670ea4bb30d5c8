"""What is being read or used stays where it is while rows change about it."""

from datetime import timedelta

from hotline_protocol.line import Reason, Ring, Tier
from hotline_protocol.message import Author
from hotline_services.records.record import Record
from hotline_services.runtime.store import Heard

from .browsing import Visit, expect, morning, site, write

CALLS = "#panel-calls tbody tr"


async def test_a_row_that_changes_keeps_the_focus_that_is_in_it(record: Record, visit: Visit) -> None:
    talked = morning(700)
    begun = next(place for place, (_, message) in enumerate(talked) if isinstance(message, Ring)) + 1
    write(record, *talked[:begun])
    async with site(record=record._path) as served:
        page = await visit(served.address)
        opener = page.locator(CALLS).get_by_role("button")
        await expect(page.locator(CALLS)).to_contain_text("ringing")
        await opener.focus()
        at = talked[begun].at + timedelta(minutes=1)
        another = Author("us", "tested").say(
            Ring, at, to="ru", call_id="us-call", reason=Reason.EMERGENCY, tier=Tier.CHIEFS
        )
        write(record, *talked[begun:], Heard(talked[-1].at, another))
        await expect(page.locator(CALLS).last).not_to_contain_text("ringing")
        await expect(page.locator(CALLS).last.get_by_role("button")).to_be_focused()


async def test_rows_that_change_places_keep_the_focus_and_what_is_alike_in_them(record: Record, visit: Visit) -> None:
    async with site(record=record._path) as served:
        page = await visit(served.address, is_empty=True)
        told = await page.evaluate(
            """async () => {
              const {Keyed} = await import('./static/listing.js');
              const {h} = await import('./static/dom.js');
              const list = h('ul', {});
              document.body.append(list);
              const items = new Keyed(list, ({key, said}) => h('li', {}, h('button', {}, key), h('b', {}, said)));
              items.show([{key: 'one', said: 'x'}, {key: 'two', said: 'x'}]);
              const [one, two] = list.children;
              two.firstChild.focus();
              items.show([{key: 'two', said: 'y'}, {key: 'new', said: 'z'}, {key: 'one', said: 'x'}]);
              return [[...list.children].map((item) => item.textContent), list.lastChild === one,
                list.firstChild === two, document.activeElement === two.firstChild];
            }"""
        )
    assert told == [["twoy", "newz", "onex"], True, True, True]
