"""Who `sockeye get` is to servers: fields, tokens, .netrc and Digest, beside curl and with Apache; and to whom none of it goes."""

import contextlib
import hashlib
import os
import re
import socket
import subprocess

import support
from support import Program, need, wait_until
from support_origin import Origin, apache_configuration, behaviour, expect, get, hostile, ranged, read, response, write


def private(text, *path, mode=0o600):
    """A file that nobody else can read; its path."""
    write(text.encode(), *path)
    os.chmod(os.path.join(*path), mode)
    return os.path.join(*path)


def curl(*arguments):
    subprocess.run([need("curl"), "-sS", "-q", "-o", "/dev/null", *arguments], check=True, timeout=support.DEADLINE)


@behaviour
def fields_tokens_and_netrc_are_told_as_curl_tells_them(folder):
    token = private("t0k.en\n", folder, "token")
    netrc = private('machine other login x password y\nmachine 127.0.0.1 login alice password "pass word"\n', folder, "netrc")
    calls = [
        (["-H", "X-A: 1", "-H", "x-a:2", "-H", "Accept:", "-H", "User-Agent: mine"],) * 2,
        (["--bearer-file", token], ["--oauth2-bearer", "t0k.en"]),
        (["--netrc-file", netrc], ["--netrc-file", netrc]),
        (["-H", f"@{private('Cookie: a=b; c=d', folder, 'fields')}"], ["-H", "Cookie: a=b; c=d"]),
    ]
    with Origin(ranged(b"x")) as origin:
        for number, (ours, theirs) in enumerate(calls):
            get(folder, *ours, "-o", f"out{number}", f"{origin.url}/x")
            curl(*theirs, f"{origin.url}/x")
            told, wanted = ({name: value for name, value in request.fields.items()
                             if name not in ("accept-encoding", "want-repr-digest")} for request in origin.requests[-2:])
            if "user-agent" not in " ".join(ours).lower():
                told.pop("user-agent"), wanted.pop("user-agent")
            expect(told == wanted, ours, told, wanted)


@behaviour
def the_netrc_of_the_home_is_read_when_asked_for(folder):
    private("default login a password b", folder, ".netrc")
    before = {name: os.environ.get(name) for name in ("HOME", "NETRC")}
    os.environ["HOME"] = folder
    os.environ.pop("NETRC", None)
    try:
        with Origin(ranged(b"x")) as origin:
            get(folder, "-o", "a", f"{origin.url}/x")
            get(folder, "--netrc", "-o", "b", f"{origin.url}/x")
            told = [request.fields.get("authorization") for request in origin.requests]
            expect(told == [None, "Basic YTpi"], told)
            os.chmod(f"{folder}/.netrc", 0o640)
            get(folder, "--netrc", "-o", "c", f"{origin.url}/x", code=11)
            os.environ["NETRC"] = f"{folder}/missing"
            get(folder, "--netrc", "-o", "c", f"{origin.url}/x", code=3)
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


@hostile("CR and LF in fields, fields that would change the request, secrets in arguments")
def what_is_no_field_is_refused(folder):
    for line in ["X: a\r\nEvil: 1", "X: a\nEvil: 1", "X: a\rb", "X\nEvil: 1", "X", "X Y: z", "Range: bytes=0-", "Host:",
                 "Content-Length: 3", "Transfer-Encoding: chunked", "Authorization: Bearer x", "Cookie: a=b"]:
        with Origin(ranged(b"x")) as origin:
            get(folder, "--header", line, f"{origin.url}/x", code=2)
            expect(origin.requests == [], line)


@hostile("a redirect to another host, port or scheme; a page there that asks who we are")
def nothing_of_it_goes_where_a_redirect_leads(folder):
    fields = private("Authorization: Custom z\nCookie: c=d\nX-Key: k", folder, "fields")
    for asks in (False, True):
        def there(request, connection):
            return response(status="401 Who", WWW_Authenticate='Digest realm="r", nonce="n", Basic') if asks else response(b"y")
        with Origin(there) as other, Origin(lambda *_: response(status="302 Found", Location=f"{other.url}/y")) as origin:
            for flags in (
                ["--auth-file", private("a:b", folder, "password")], ["--bearer-file", private("t", folder, "token")],
                ["--netrc-file", private(f"default login a password b", folder, "netrc")], ["--header", f"@{fields}"],
                ["--digest", "--auth-file", private("a:b", folder, "password")],
            ):
                get(folder, "--on-exists", "overwrite", *flags, f"{origin.url}/x", code=6 if asks else 0)
                for request in other.requests:
                    expect(not {"authorization", "cookie", "x-key"} & set(request.fields), flags, request.fields)


# ---- Digest


@contextlib.contextmanager
def apache(folder, realm="a, realm", modules=(), more=""):
    """Apache with a folder behind Digest, and with more in its configuration; answers where it is."""
    program = need("apache2")
    os.chmod(folder, 0o755)
    os.makedirs(f"{folder}/site/digest")
    write(b"digest" * 1000, folder, "site", "digest", "x")
    hashed = hashlib.md5(f"alice:{realm}:open sesame".encode()).hexdigest()
    write(f"alice:{realm}:{hashed}\n".encode(), folder, "digests")
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    write(apache_configuration(folder, port, ("authn_core", "authn_file", "authz_user", "auth_digest", *modules), f"""
<Location /digest>
  AuthType Digest
  AuthName "{realm}"
  AuthDigestProvider file
  AuthUserFile {folder}/digests
  Require valid-user
</Location>
{more}
""").encode(), folder, "apache.conf")
    with Program(program, "-X", "-f", f"{folder}/apache.conf") as server:
        def answers():
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                return True
            return server.process.poll() is not None
        wait_until(answers, "apache")
        expect(server.process.poll() is None, server.errors)
        yield f"http://127.0.0.1:{port}"


@behaviour
def digest_opens_what_apache_keeps(folder):
    right = private("alice:open sesame", folder, "right")
    wrong = private("alice:close sesame", folder, "wrong")
    with apache(folder) as url:
        get(folder, "--digest", "--auth-file", right, "-o", "a", f"{url}/digest/x")
        # A server that wants Digest gets it without being asked for, too.
        get(folder, "--auth-file", right, "-o", "b", f"{url}/digest/x")
        get(folder, "--digest", "--auth-file", wrong, "-o", "c", f"{url}/digest/x", code=6)
        get(folder, "-o", "c", f"{url}/digest/x", code=6)
    expect(read(folder, "a") == read(folder, "b") == b"digest" * 1000 and not os.path.exists(f"{folder}/c"))


@behaviour
def digest_with_sha_256_is_what_curl_says(folder):
    password = private("alice:open sesame", folder, "password")
    challenge = 'Digest realm="r", nonce="n", qop="auth", algorithm=SHA-256, opaque="o"'

    def parameters(request):
        pairs = re.findall(r'(\w+)=(?:"([^"]*)"|([^,]*))', request.fields["authorization"])
        return {name: quoted or plain for name, quoted, plain in pairs}

    def right(request):
        told = parameters(request)
        digest = lambda text: hashlib.sha256(text.encode()).hexdigest()
        secret, what = digest("alice:r:open sesame"), digest(f"{request.method}:{request.target}")
        wanted = digest(f"{secret}:n:{told['nc']}:{told['cnonce']}:auth:{what}")
        return told["response"] == wanted and told["uri"] == request.target

    def answer(request, connection):
        if "authorization" not in request.fields or not right(request):
            return response(status="401 Who", WWW_Authenticate=challenge)
        return ranged(b"x" * 1000)(request, connection)

    with Origin(answer) as origin:
        get(folder, "--digest", "--auth-file", password, f"{origin.url}/x?y=z")
        curl("--digest", "-u", "alice:open sesame", "-f", f"{origin.url}/x?y=z")
        ours, theirs = (parameters(origin.requests[index]) for index in (1, 3))
        expect(set(ours) == set(theirs) and ours["algorithm"] == theirs["algorithm"] == "SHA-256", ours, theirs)


@hostile("challenges without end")
def a_server_that_is_never_content_is_given_up(folder):
    password = private("a:b", folder, "password")
    challenge = 'Digest realm="r", nonce="n", qop="auth", stale=true'
    with Origin(lambda *_: response(status="401 Who", WWW_Authenticate=challenge)) as origin:
        get(folder, "--digest", "--auth-file", password, f"{origin.url}/x", code=6)
        expect(len(origin.requests) == 3, len(origin.requests))
    with Origin(lambda *_: response(status="401 Who", WWW_Authenticate="Basic")) as origin:
        get(folder, "--digest", "--auth-file", password, f"{origin.url}/x", code=6)
        expect(all("authorization" not in request.fields for request in origin.requests))


if __name__ == "__main__":
    support.main(globals())
