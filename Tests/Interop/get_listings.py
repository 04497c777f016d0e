"""Folders that other servers list: `sockeye get --recursive` beside nginx, Apache, lighttpd, caddy, rclone and Python, and hostile pages."""

import contextlib
import json
import os
import pathlib
import socket

import support
from support import Program, need, wait_until
from support_origin import QUICK, Origin, apache_configuration, behaviour, content, expect, get, hostile, response, try_get

TREE = {
    "top/a & b.txt": b"text", "top/接收/deep/x": b"deep", "top/big": content(300_000), "top/per%cent": b"%", "top/q?mark": b"?",
    "top/semi;colon=": b";", "top/quo'te": b"'", "top/plus+": b"+", "top/ha#sh": b"#",
}


def tree(folder):
    for name, contents in TREE.items():
        path = pathlib.Path(folder, "site", name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(contents)
    pathlib.Path(folder, "site", "beside").write_bytes(b"beside")
    for path in (pathlib.Path(folder), *pathlib.Path(folder).rglob("*")):
        path.chmod(0o755)


def free_port():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


@contextlib.contextmanager
def started(port, *arguments, **options):
    with Program(*arguments, **options) as server:
        def answers():
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                return True
            return server.process.poll() is not None
        wait_until(answers, arguments[0])
        expect(server.process.poll() is None, server.errors)
        yield f"http://127.0.0.1:{port}"


def configured(folder, text):
    path = pathlib.Path(folder, "server.conf")
    path.write_text(text)
    return str(path)


def nginx(folder, form="html"):
    port = free_port()
    conf = configured(folder, f"""
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3; uwsgi_temp_path {folder}/t4;
  scgi_temp_path {folder}/t5;
  server {{ listen 127.0.0.1:{port}; location / {{ root {folder}/site; autoindex on; autoindex_format {form}; }} }}
}}
""")
    return started(port, need("nginx"), "-c", conf, "-p", folder)


def apache(folder, modules=("dir", "autoindex"), more="Options Indexes"):
    port = free_port()
    program = need("apache2")
    conf = configured(folder, apache_configuration(folder, port, modules, f"""
<Directory {folder}/site>
  {more}
</Directory>
"""))
    return started(port, program, "-X", "-f", conf)


def lighttpd(folder):
    port = free_port()
    conf = configured(folder, f"""
server.document-root = "{folder}/site"
server.port = {port}
server.bind = "127.0.0.1"
server.modules = ( "mod_dirlisting" )
dir-listing.activate = "enable"
""")
    return started(port, need("lighttpd"), "-D", "-f", conf)


def caddy(folder):
    port = free_port()
    home = {**os.environ, "HOME": folder, "XDG_DATA_HOME": folder, "XDG_CONFIG_HOME": folder}
    conf = configured(folder, f"{{\n admin off\n auto_https off\n}}\nhttp://127.0.0.1:{port} {{\n root * {folder}/site\n file_server browse\n}}\n")
    return started(port, need("caddy"), "run", "--config", conf, "--adapter", "caddyfile", env=home)


def fetched(folder, url, *arguments):
    """Fetches the folder, and answers what there is of it then."""
    get(folder, *QUICK, "-q", "-d", f"{folder}/got", "--recursive", *arguments, f"{url}/top/")
    base = pathlib.Path(folder, "got")
    return {str(path.relative_to(base)): path.read_bytes() for path in base.rglob("*") if path.is_file()}


def comes_whole(folder, server, differing=()):
    tree(folder)
    with server(folder) as url:
        expected = {name: contents for name, contents in TREE.items() if name not in differing}
        expect(fetched(folder, url) == expected, "not what is there")
        again = get(folder, *QUICK, "--json", "-d", f"{folder}/got", "--recursive", f"{url}/top")
        last = json.loads(again.stdout.splitlines()[-1])
        expect((last["downloaded"], last["skipped"]) == (0, len(expected)), last)


@behaviour
def a_folder_that_nginx_lists_comes_whole_and_not_twice(folder):
    comes_whole(folder, nginx)


@behaviour
def a_folder_that_nginx_lists_in_JSON_comes_whole_and_not_twice(folder):
    comes_whole(folder, lambda folder: nginx(folder, "json"))


@behaviour
def a_folder_that_Apache_lists_comes_whole_and_not_twice(folder):
    comes_whole(folder, apache)


@behaviour
def a_folder_that_Apache_lists_on_a_page_with_tables_and_icons_comes_whole(folder):
    comes_whole(folder, lambda folder: apache(folder, more="Options Indexes\n  IndexOptions FancyIndexing HTMLTable"))


@behaviour
def a_folder_that_Apache_tells_of_by_WebDAV_comes_whole_and_not_twice(folder):
    modules = ("dir", "dav", "dav_fs")
    comes_whole(folder, lambda folder: apache(folder, modules, f"Dav On\n</Directory>\nDavLockDB {folder}/locks\n<Directory {folder}/site>"))


@behaviour
def a_folder_that_lighttpd_lists_comes_whole_and_not_twice(folder):
    comes_whole(folder, lighttpd)


@behaviour
def a_folder_that_caddy_lists_comes_whole_and_not_twice(folder):
    comes_whole(folder, caddy)


@behaviour
def a_folder_that_rclone_serves_by_WebDAV_comes_whole_and_not_twice(folder):
    port = free_port()
    comes_whole(folder, lambda folder: started(
        port, need("rclone"), "--config", f"{folder}/none", "serve", "webdav", f"{folder}/site", "--addr", f"127.0.0.1:{port}"))


@behaviour
def a_folder_that_Python_lists_comes_whole_and_not_twice(folder):
    port = free_port()
    comes_whole(folder, lambda folder: started(
        port, need("python3"), "-m", "http.server", "--bind", "127.0.0.1", "--directory", f"{folder}/site", str(port)))


# ---- Hostile servers


def page(*links):
    return response(b"<title>Index of /</title>" + b"".join(b'<a href="%s">x</a>' % link for link in links))


@hostile("listings with ../, absolute URLs elsewhere, and names twice")
def nothing_outside_a_listed_folder_is_asked_for_or_written(folder):
    links = [
        b"../", b"../../etc/passwd", b"/etc/passwd", b"http://192.0.2.1/x", b"//192.0.2.1/x", b"https://127.0.0.1/top/x", b"file:///etc/passwd",
        b"javascript:x", b"?C=N;O=D", b"sub/../../x", b"good", b"good", b"./good", b"/top/good", b"good#x", b"good/", b"%2e%2e", b"..%2fevil",
        b"%2fetc%2fpasswd", b"a%00b", b"%5c..%5cevil",
    ]
    with Origin(lambda request, connection: page(*links) if request.target.endswith("?json") else response(b"x", ETag='"1"')) as origin:
        result = try_get(folder, *QUICK, "--recursive", f"{origin.url}/top/")
        expect(result.returncode == 11, result.returncode, result.stderr)
        targets = [request.target for request in origin.requests]
        expect(targets.count("/top/?json") == 1 and set(targets) == {"/top/?json", "/top/good"}, targets)
    found = [str(path.relative_to(folder)) for path in pathlib.Path(folder).rglob("*") if path.is_file()]
    expect(found == ["top/good"], found)


@hostile("pages and trees without end")
def a_page_or_a_tree_without_end_is_given_up(folder):
    deep = lambda request, connection: page(b"d/") if request.target.endswith("?json") else None
    with Origin(deep) as origin:
        get(folder, *QUICK, "--recursive", f"{origin.url}/", code=7)
        expect(len(origin.requests) < 100, len(origin.requests))

    def endless(request, connection):
        connection.sendall(response(b"<title>Index of /</title>", length=1 << 40))
        with contextlib.suppress(OSError):
            while True:
                connection.sendall(b"<a href=../>" * 10_000)

    with Origin(endless) as origin:
        get(folder, *QUICK, "--recursive", f"{origin.url}/", code=7)


@hostile("a login page instead of a listing, a multistatus that isn't one, entities")
def what_is_no_listing_is_told(folder):
    laughs = b"<!DOCTYPE x [<!ENTITY a 'aa'><!ENTITY b '&a;&a;'>]><multistatus xmlns='DAV:'><response><href>&b;</href></response></multistatus>"
    for status, body in (("207 Multi-Status", laughs), ("207 Multi-Status", b"<html>"), ("200 OK", b"<multistatus xmlns='DAV:'/>")):
        def answer(request, connection):
            if request.method == "PROPFIND":
                return response(body, status)
            return response(b"<title>Sign in</title><a href=x>x</a>")
        with Origin(answer) as origin:
            get(folder, *QUICK, "--recursive", f"{origin.url}/top/", code=7)
            expect([request.method for request in origin.requests] == ["GET", "PROPFIND"], origin.requests)
            expect(origin.requests[1].fields["depth"] == "1")
    expect(not any(path.is_file() for path in pathlib.Path(folder).rglob("*")))


if __name__ == "__main__":
    support.main(globals())
