"""`federation alarms test`: each recipient is tried, and what failed is said."""

import json

import pytest

from tests.cli.test_node_commands import federation
from tests.homes import make_home
from tests.hooks import tell, tell_hook
from tests.outside import Outside
from tests.refer import by_mail
from tests.stories.nodes import free_port


@pytest.fixture
def outside():
    with Outside() as found:
        yield found


@pytest.fixture
def home(tmp_path):
    return make_home(tmp_path)


def test_a_test_message_goes_to_each_and_the_command_ends_well(home, outside):
    by_mail(home, outside.port, "plain")
    tell(home, 'email = "siaga@example.org"')
    tell_hook(home, outside.url, 'language = "en"')
    code, out, _ = federation(home, "alarms", "test")
    assert code == 0
    assert json.loads(out)["trials"] == [
        {"to": "siaga@example.org", "sent": True},
        {"to": outside.url, "sent": True},
    ]
    (mail,) = outside.box.mails()
    assert "percobaan peringatan" in mail["Subject"]
    said = json.loads(outside.hook.requests[0][2])
    assert (said["test"], said["alarms"]) == (True, [])


def test_what_failed_is_said_of_each_and_the_others_are_sent(home, outside):
    by_mail(home, outside.port, "plain")
    outside.box.mood = "rcpt-never"
    outside.hook.status = 404
    dead = free_port()
    tell(home, 'email = "siaga@example.org"')
    tell_hook(home, outside.url)
    tell_hook(home, f"http://127.0.0.1:{dead}/x")
    tell(home, 'address_file = "keys/nothing.url"')
    code, out, _ = federation(home, "alarms", "test", language="en")
    assert code == 1
    why = {one["to"]: one["reason"] for one in json.loads(out)["trials"]}
    assert f"127.0.0.1:{outside.port}" in why["siaga@example.org"]
    assert "550 5.1.1 no such mailbox" in why["siaga@example.org"]
    assert "404" in why[outside.url]
    assert f"no program listens at port {dead}" in why[f"http://127.0.0.1:{dead}/x"]
    assert "keys/nothing.url" in why["keys/nothing.url"]
    code, out, _ = federation(home, "alarms", "test", language="id", is_json=False)
    assert code == 1
    assert "siaga@example.org: TIDAK terkirim: server surel" in out


def test_a_password_that_others_can_read_is_refused_and_not_shown(home, outside):
    path = home.keys / "mail.password"
    path.write_text("very-secret-word\n")
    path.chmod(0o644)
    more = 'user = "u"\npassword_file = "keys/mail.password"\n'
    by_mail(home, outside.port, "plain", more)
    tell(home, 'email = "siaga@example.org"')
    code, out, err = federation(home, "alarms", "test", language="en")
    assert code == 1
    assert "chmod 0600" in out
    assert "very-secret-word" not in out + err


def test_without_a_recipient_it_says_where_to_write_one(home):
    code, _, err = federation(home, "alarms", "test", language="en")
    assert code == 3
    assert "[[alarms.to]]" in err
    assert "alarms.to" in err
