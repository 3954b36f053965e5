"""The client against a server on the loopback that has every fault of the real ones."""

from __future__ import annotations

import gzip
import time

import pytest
from pull_server import QUICK, Clock, serving, text

from research.errors import PullError
from research.loaders.pull.http import Client
from research.loaders.pull.polite import Limits, Polite, redacted, retry_after

TABLE = b"observation_date,DTB3\n2024-07-04,\n2024-07-05,5.22\n"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def site():
    with serving() as here:
        yield here


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def client(site, clock):
    return Client(Polite((site.host,), QUICK, clock))


def failure(client, address, kind="csv", **options):
    with pytest.raises(PullError) as caught:
        client.get(address, kind, **options)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_a_file_comes_whole_with_time_and_headers(site, client, clock):
    site.answer("/a.csv", text(TABLE, etag='"one"', set_cookie="who=me"))
    answer = client.get(site.root + "/a.csv", "csv")
    assert answer.body == TABLE
    assert answer.time == clock.now()
    assert answer.headers["etag"] == '"one"'
    assert "set-cookie" not in answer.headers
    assert "tracking-research" in site.asked[0].headers["user-agent"]


def test_429_is_waited_out_as_long_as_the_server_asks(site, client, clock):
    site.answer("/a.csv", lambda r: r.reply(429, retry_after="37"), text(TABLE))
    assert client.get(site.root + "/a.csv", "csv").body == TABLE
    assert clock.waited[0] >= 37


def test_retry_after_may_be_a_date(site, client, clock):
    site.answer("/a.csv", lambda r: r.reply(503, retry_after="Sat, 26 Sep 2026 12:01:00 GMT"), text(TABLE))
    client.get(site.root + "/a.csv", "csv")
    assert clock.waited[0] >= 60


def test_a_server_that_asks_for_an_hour_is_left_alone(site, client, clock):
    site.answer("/a.csv", lambda r: r.reply(429, retry_after="3600"))
    assert "3,600 s" in failure(client, site.root + "/a.csv")
    assert len(site.asked) == 1
    assert clock.waited == []


def test_503_twice_then_good(site, client, clock):
    busy = lambda r: r.reply(503)  # noqa: E731
    site.answer("/a.csv", busy, busy, text(TABLE))
    assert client.get(site.root + "/a.csv", "csv").body == TABLE
    assert len(site.asked) == 3
    # Doubling with jitter: 1 to 2 s, then 2 to 3 s.
    assert 1 <= clock.waited[0] <= 2 <= clock.waited[1] <= 3


def test_503_for_ever_ends_after_the_last_attempt(site, client, clock):
    site.answer("/a.csv", lambda r: r.reply(503))
    assert "4 attempts" in failure(client, site.root + "/a.csv")
    assert len(site.asked) == 4
    assert len(clock.waited) == 3  # not after the last
    assert 4 <= clock.waited[2] <= 5


def test_what_went_wrong_before_is_told_once(site, client):
    half = lambda r: r.reply(200, TABLE[:20], content_type="text/csv", content_length=str(len(TABLE)))  # noqa: E731
    site.answer("/a.csv", half, lambda r: r.reply(503), half, lambda r: r.reply(503))
    message = failure(client, site.root + "/a.csv")
    assert "4 attempts, the last: HTTP 503" in message
    assert message.count("half a body") == 1


def test_half_a_body_is_refused_and_fetched_again(site, client):
    def half(request):
        request.reply(200, TABLE[:20], content_type="text/csv", content_length=str(len(TABLE)))

    site.answer("/a.csv", half, text(TABLE))
    assert client.get(site.root + "/a.csv", "csv").body == TABLE
    site.answer("/b.csv", half)
    assert "half a body" in failure(client, site.root + "/b.csv")


def chunk(part):
    return f"{len(part):x}\r\n".encode() + part + b"\r\n"


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"


def test_chunks_that_stop_in_the_middle_are_refused_and_fetched_again(site, client):
    def cut(request):
        request.write(HEAD + chunk(TABLE[:20]))

    def whole(request):
        request.write(HEAD + chunk(TABLE[:20]) + chunk(TABLE[20:]) + b"0\r\n\r\n")

    site.answer("/a.csv", cut, whole)
    assert client.get(site.root + "/a.csv", "csv").body == TABLE
    site.answer("/b.csv", cut)
    assert "half a body" in failure(client, site.root + "/b.csv")


def test_a_chunk_shorter_than_it_says_is_refused(site, client):
    site.answer("/a.csv", lambda r: r.write(HEAD + b"40\r\n" + TABLE[:20]))
    assert "half a body" in failure(client, site.root + "/a.csv")


def test_a_body_of_no_stated_length_must_end_as_such_bodies_end(site, client):
    site.answer("/a.csv", lambda r: r.reply(200, TABLE[:-3], length=False, content_type="text/csv"))
    assert "without its end" in failure(client, site.root + "/a.csv")
    site.answer("/b.csv", lambda r: r.reply(200, TABLE, length=False, content_type="text/csv"))
    assert client.get(site.root + "/b.csv", "csv").body == TABLE


@pytest.mark.parametrize(("charset", "stated"), [("utf-8", "utf-8"), ("iso-8859-1", "iso-8859-1")])
def test_a_wrong_encoding_is_named(site, client, charset, stated):
    body = "Date,Fund\n2024-07-05,Fonds indiciel côté\n".encode("latin-1")
    site.answer("/a.csv", text(body, content_type=f"text/csv; charset={charset}"))
    message = failure(client, site.root + "/a.csv")
    assert stated in message
    assert "0xf4" in message
    assert "windows-1252" in message


def test_utf_16_without_its_mark_is_named(site, client):
    site.answer("/a.csv", text(TABLE.decode().encode("utf-16-le")))
    assert "UTF-16" in failure(client, site.root + "/a.csv")


def test_utf_16_with_its_mark_comes_as_it_is(site, client):
    body = TABLE.decode().encode("utf-16")
    site.answer("/a.csv", text(body))
    assert client.get(site.root + "/a.csv", "csv").body == body


PAGE = b"<!DOCTYPE html><html><head><title>Pardon &amp; our\n interruption</title></head><body/></html>"


@pytest.mark.parametrize("kind", ["csv", "json", "xml", "xlsx", "table"])
@pytest.mark.parametrize("declared", ["text/html", "text/csv", "application/octet-stream"])
def test_a_web_page_instead_of_data_is_refused_by_its_title(site, client, kind, declared):
    site.answer("/a", text(PAGE, content_type=declared))
    assert "a web page titled 'Pardon & our interruption'" in failure(client, site.root + "/a", kind)


def test_an_xhtml_page_is_a_page_too_and_no_workbook(site, client):
    page = b'<?xml version="1.0"?>\n<html xmlns="http://www.w3.org/1999/xhtml"><title>Oops</title></html>'
    site.answer("/a.xls", text(page, content_type="application/vnd.ms-excel"))
    assert "titled 'Oops'" in failure(client, site.root + "/a.xls", "table")


def test_a_workbook_that_the_site_calls_html_is_taken(site, client):
    book = b'<?xml version="1.0"?>\n<ss:Workbook xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"></ss:Workbook>'
    site.answer("/a.xls", text(book, content_type="text/html"))
    assert client.get(site.root + "/a.xls", "table").body == book


def test_a_log_in_page_is_called_one(site, client):
    page = b"<html><title>Welcome</title><form><input name=p type='password'></form></html>"
    site.answer("/a.csv", text(page, content_type="text/html"))
    assert "a log-in page titled 'Welcome'" in failure(client, site.root + "/a.csv")


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"%PDF-1.7 x", "a PDF"),
        (b'{"error": "no such series"}', "no such series"),
        (b"PK\x03\x04rest", "a zip archive"),
        (b"\x1f\x8brest", "a gzip file"),
    ],
)
def test_another_kind_of_file_is_named(site, client, body, what):
    site.answer("/a.csv", text(body))
    assert what in failure(client, site.root + "/a.csv")


def test_an_empty_answer_is_refused(site, client):
    site.answer("/a.csv", text(b" \n"))
    assert "empty" in failure(client, site.root + "/a.csv")


@pytest.mark.parametrize("there", ["/login?next=/a.csv", "/en/sign-in", "/account/SignIn.aspx", "/oauth2/authorize"])
def test_a_redirect_to_a_log_in_page_is_an_error_and_not_followed(site, client, there):
    site.answer("/a.csv", lambda r: r.reply(302, location=there))
    assert "log-in page" in failure(client, site.root + "/a.csv")
    assert len(site.asked) == 1


def test_a_redirect_on_the_same_site_is_followed(site, client):
    site.answer("/a.csv", lambda r: r.reply(301, location="/b.csv"))
    site.answer("/b.csv", text(TABLE))
    answer = client.get(site.root + "/a.csv", "csv")
    assert answer.body == TABLE
    assert answer.address.endswith("/b.csv")


def test_a_redirect_to_another_host_is_refused_and_that_host_is_not_asked(site, client):
    with serving() as other:
        site.answer("/a.csv", lambda r: r.reply(302, location=other.root + "/b.csv"))
        message = failure(client, site.root + "/a.csv")
        assert "another site" in message
        assert other.host in message
        assert other.asked == []


def test_a_redirect_to_a_host_that_is_named_is_followed(site, clock):
    with serving() as other:
        site.answer("/a.csv", lambda r: r.reply(302, location=other.root + "/b.csv"))
        other.answer("/b.csv", text(TABLE))
        client = Client(Polite((site.host, other.host), QUICK, clock))
        assert client.get(site.root + "/a.csv", "csv").body == TABLE


@pytest.mark.parametrize("there", ["file:///etc/hostname", "ftp://example.org/a", "http://user:pw@127.0.0.1:9/a"])
def test_a_redirect_to_anything_but_the_web_is_refused(site, client, there):
    site.answer("/a.csv", lambda r: r.reply(302, location=there))
    assert "pw" not in failure(client, site.root + "/a.csv")
    assert len(site.asked) == 1


def test_redirects_in_a_circle_end(site, client):
    site.answer("/a.csv", lambda r: r.reply(302, location="/a.csv"))
    assert "redirects" in failure(client, site.root + "/a.csv")


def test_an_endless_body_is_cut_off(site, client):
    def endless(request):
        request.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nConnection: close\r\n\r\n")
        while True:
            request.write(b"2024-07-05,5.22\n" * 4096)

    site.answer("/a.csv", endless)
    assert "no end in sight" in failure(client, site.root + "/a.csv")


def test_a_body_that_says_it_is_too_large_is_not_read(site, client):
    site.answer("/a.csv", lambda r: r.reply(200, b"x", content_length="5000000000"))
    assert "5,000 MB" in failure(client, site.root + "/a.csv")


def dripping(request):
    request.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: 100000\r\n\r\n")
    for _ in range(100):
        request.write(b"x")
        time.sleep(0.02)


def dripping_headers(request):
    request.write(b"HTTP/1.1 200 OK\r\n")
    for number in range(100):
        request.write(f"X-{number}: x\r\n".encode())
        time.sleep(0.02)


@pytest.mark.parametrize("drip", [dripping, dripping_headers])
def test_a_slow_drip_ends_at_the_deadline_although_no_read_times_out(site, clock, drip):
    site.answer("/a.csv", drip)
    limits = Limits(connect=2.0, read=2.0, deadline=0.5, attempts=4, pace=0.0)
    message = failure(Client(Polite((site.host,), limits, clock)), site.root + "/a.csv")
    assert "no whole answer within 0.5 s" in message
    assert len(site.asked) == 1


def test_a_silent_server_is_asked_again_and_then_given_up(site, clock):
    site.answer("/a.csv", lambda r: time.sleep(0.5))
    limits = Limits(connect=2.0, read=0.03, deadline=5.0, attempts=2, pace=0.0)
    assert "2 attempts" in failure(Client(Polite((site.host,), limits, clock)), site.root + "/a.csv")


def test_nobody_there_is_said(clock):
    with serving() as site:
        pass
    message = failure(Client(Polite((site.host,), QUICK, clock)), site.root + "/a.csv")
    assert "refused" in message


def test_304_says_that_nothing_changed(site, client):
    def same(request):
        assert request.headers["if-none-match"] == '"one"'
        assert request.headers["if-modified-since"] == "Fri, 25 Sep 2026 10:00:00 GMT"
        request.reply(304)

    site.answer("/a.csv", same)
    known = {"etag": '"one"', "last-modified": "Fri, 25 Sep 2026 10:00:00 GMT", "date": "x"}
    answer = client.get(site.root + "/a.csv", "csv", known=known)
    assert (answer.status, answer.body) == (304, b"")


def test_304_to_a_question_without_a_condition_is_an_error(site, client):
    site.answer("/a.csv", lambda r: r.reply(304))
    assert "without a condition" in failure(client, site.root + "/a.csv")


def test_gzip_is_unpacked(site, client):
    site.answer("/a.csv", text(gzip.compress(TABLE), content_encoding="gzip"))
    assert client.get(site.root + "/a.csv", "csv").body == TABLE
    assert site.asked[0].headers["accept-encoding"] == "gzip"


def test_half_a_gzip_stream_is_refused_although_its_length_is_right(site, client):
    packed = gzip.compress(TABLE * 50)
    site.answer("/a.csv", text(packed[: len(packed) // 2], content_encoding="gzip"))
    assert "half a body" in failure(client, site.root + "/a.csv")


def test_a_gzip_bomb_is_refused(site, client):
    site.answer("/a.csv", text(gzip.compress(b"0" * 2_000_000), content_encoding="gzip"))
    assert "unpacks to more" in failure(client, site.root + "/a.csv")


def test_a_packing_that_was_not_asked_for_is_refused(site, client):
    site.answer("/a.csv", text(b"\x0b\x02\x80abc", content_encoding="br"))
    assert "'br'" in failure(client, site.root + "/a.csv")


@pytest.mark.parametrize(("status", "word"), [(401, "account"), (403, "browser"), (404, "address"), (418, "teapot")])
def test_a_refusal_is_final_and_says_what_to_do(site, client, status, word):
    site.answer("/a.csv", lambda r: r.reply(status, PAGE))
    assert word in failure(client, site.root + "/a.csv")
    assert len(site.asked) == 1


@pytest.mark.parametrize(
    "address", ["http://example.org/a", "file:///etc/hostname", "http://127.0.0.1/a", "http://[bad"]
)
def test_a_host_that_is_not_named_is_never_asked(client, address):
    failure(client, address)


def test_two_requests_to_one_host_keep_their_distance(site, clock):
    site.answer("/a.csv", text(TABLE))
    client = Client(Polite((site.host,), Limits(pace=1.5), clock))
    client.get(site.root + "/a.csv", "csv")
    client.get(site.root + "/a.csv", "csv")
    assert clock.waited == [1.5]


def test_no_password_is_taken_from_netrc(site, client, tmp_path, monkeypatch):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    site.answer("/a.csv", text(TABLE))
    client.get(site.root + "/a.csv", "csv")
    assert "authorization" not in site.asked[0].headers


def test_secrets_do_not_show_in_addresses():
    shown = redacted("https://me:pw@example.org/a?crumb=abc&token=t&id=DTB3")
    assert shown == "https://example.org/a?crumb=...&token=...&id=DTB3"


def test_retry_after_in_the_past_asks_for_no_wait():
    assert retry_after("Sat, 26 Sep 2026 11:00:00 GMT", Clock().now()) == 0.0
