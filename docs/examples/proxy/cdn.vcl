vcl 4.1;
# A CDN of one machine before the bucket that a federation node publishes to, as a file
# for Varnish: what a hired CDN is told by its settings stands here in four rules.
# To change: the bucket's name and port, what is below it, and your own name. Varnish
# speaks no TLS, on neither side: hitch before it, stunnel behind it.
import std;

backend bucket {
    .host = "store.example";
    .port = "80";
    .connect_timeout = 5s;
    .first_byte_timeout = 20s;
    .probe = {
        .request = "HEAD /our-data/site/verify.html HTTP/1.1" "Host: store.example" "Connection: close";
        .interval = 2s;
        .initial = 3;
    }
}

sub vcl_recv {
    if (req.method != "GET" && req.method != "HEAD") {
        return (synth(405));
    }
    # Rule 1: what stands behind "?" makes no other object, nor does a name of ours.
    set req.url = regsub(req.url, "\?.*$", "");
    set req.http.Host = "data.example.org";
    if (req.url == "/") {
        set req.url = "/index.html";
    }
    # Rule 2: whoever reads is anybody; the store would take it for its own.
    unset req.http.Authorization;
    unset req.http.Cookie;
    # Rule 3: a copy that is too old is given at once, and made anew behind the reader,
    # as long as it is not older than that (stale-while-revalidate); a much older one only
    # where the store fails (stale-if-error).
    if (req.restarts == 0 && std.healthy(bucket)) {
        set req.grace = 10s;
    } else {
        set req.grace = 7d;
    }
    return (hash);
}

sub vcl_backend_fetch {
    set bereq.http.Host = "store.example";
    set bereq.url = "/our-data/site" + bereq.url;
}

sub vcl_backend_response {
    unset beresp.http.Set-Cookie;
    unset beresp.http.Vary;
    if (beresp.status >= 500) {
        set beresp.uncacheable = true;
        set beresp.ttl = 0s;
    } elsif (beresp.status >= 400) {
        set beresp.ttl = 2s;
    } elsif (beresp.http.Cache-Control ~ "no-cache") {
        # Partners and auditors ask for it: the store is asked each time.
        set beresp.uncacheable = true;
        set beresp.ttl = 120s;
    } else {
        # Rule 4: how long a copy is good the object says; so long an old one is kept.
        set beresp.grace = 7d;
        set beresp.do_gzip = beresp.http.Content-Type ~
            "^(text/|image/svg|application/(json|geo\+json|x-ndjson))";
    }
    return (deliver);
}

sub vcl_backend_error {
    # Never kept in the place of an old copy.
    set beresp.ttl = 0s;
    set beresp.grace = 0s;
}

sub vcl_deliver {
    if (resp.status >= 500 && req.restarts == 0) {
        return (restart);
    }
    set resp.http.X-Content-Type-Options = "nosniff";
}
