#include "config/nginx_import/known.h"

#include <array>

#include "config/nginx_import/settings.h"

namespace switchyard::config::nginx {

namespace {

using Entry = KnownDirective;

constexpr std::string_view kTls =
    "without a certificate and its key as files the listener speaks plain HTTP: see listeners.tls, or "
    "terminate TLS in front of it";
constexpr std::string_view kClients = "clients are not asked for a certificate";
constexpr std::string_view kFiles = "Switchyard serves no files: keep a file server as an upstream";
constexpr std::string_view kAccess =
    "ACCESS CONTROL IS NOT CARRIED OVER: enforce it in the application or in front of Switchyard";
constexpr std::string_view kGateway =
    "Switchyard speaks HTTP to endpoints only: put an HTTP server in front of the application";
constexpr std::string_view kCache = "Switchyard does not cache: put a cache in as an upstream";
constexpr std::string_view kBody = "Switchyard does not change bodies: do it in the application";

// First that fits decides.
constexpr std::array kTable{
    Entry{"user", kUnneeded, "run Switchyard as the user you want"},
    Entry{"pid", kUnneeded, kOwn},
    Entry{"daemon", kUnneeded, kOwn},
    Entry{"events", kUnneeded, kOwn},
    Entry{"load_module", kLost, "modules of nginx do not load into Switchyard"},
    Entry{"worker_*", kUnneeded, kOwn},
    Entry{"thread_pool", kUnneeded, kOwn},
    Entry{"timer_resolution", kUnneeded, kOwn},
    Entry{"pcre_jit", kUnneeded, kOwn},
    Entry{"env", kUnneeded, kOwn},
    Entry{"error_log", kUnneeded, "Switchyard logs to standard error; see process.log.level"},
    Entry{"log_format", kUnneeded, "the access log of Switchyard is one JSON line per exchange"},
    Entry{"access_log", kUnneeded, "set process.log.access to a path, or to \"-\" for standard output"},
    Entry{"log_not_found", kUnneeded, kOwn},
    Entry{"log_subrequest", kUnneeded, kOwn},
    Entry{"open_log_file_cache", kUnneeded, kOwn},
    Entry{"sendfile*", kUnneeded, kOwn},
    Entry{"aio*", kUnneeded, kOwn},
    Entry{"directio*", kUnneeded, kOwn},
    Entry{"tcp_no*", kUnneeded, kOwn},
    Entry{"reset_timedout_connection", kUnneeded, kOwn},
    Entry{"types*", kUnneeded, kFiles},
    Entry{"server_names_hash*", kUnneeded, kOwn},
    Entry{"variables_hash*", kUnneeded, kOwn},
    Entry{"map_hash*", kUnneeded, kOwn},
    Entry{"proxy_headers_hash*", kUnneeded, kOwn},
    Entry{"server_tokens", kUnneeded, "Switchyard does not name itself in Server"},
    Entry{"server_name_in_redirect", kUnneeded, kOwn},
    Entry{"port_in_redirect", kUnneeded, kOwn},
    Entry{"absolute_redirect", kUnneeded, "redirects are written as in redirect.to"},
    Entry{"merge_slashes", kUnneeded, "paths are normalized before matching"},
    Entry{"underscores_in_headers", kUnneeded, kOwn},
    Entry{"ignore_invalid_headers", kUnneeded,
          "names with dots and underscores pass; what is no header at all is refused"},
    Entry{"client_header_buffer_size", kUnneeded, kOwn},
    Entry{"large_client_header_buffers", kUnneeded, kOwn},
    Entry{"client_body_buffer_size", kUnneeded, "bodies are streamed, not stored"},
    Entry{"client_body_temp_path", kUnneeded, "bodies are streamed, not stored"},
    Entry{"client_body_in_*", kUnneeded, "bodies are streamed, not stored"},
    Entry{"client_body_timeout", kChanged, "see listeners.min_rate for slow senders and upstreams.timeouts.idle"},
    Entry{"send_timeout", kChanged, "see listeners.min_rate for slow readers and upstreams.timeouts.idle"},
    Entry{"keepalive_requests", kUnneeded, "connections are not limited in requests"},
    Entry{"keepalive_time", kUnneeded, "connections are not limited in age"},
    Entry{"keepalive_disable", kUnneeded, kOwn},
    Entry{"lingering_*", kUnneeded, kOwn},
    Entry{"output_buffers", kUnneeded, kOwn},
    Entry{"postpone_output", kUnneeded, kOwn},
    Entry{"http2_push*", kLost, "nothing is pushed; browsers take no pushes any more"},
    Entry{"http2", kUnneeded, "see `protocols` of the listener; with tls it offers HTTP/2 by itself"},
    Entry{"http2_*", kUnneeded, "the limits of HTTP/2 are Switchyard's own (docs/http2.md)"},
    Entry{"http3*", kLost, "HTTP/3 is not spoken; clients come by TCP"},
    Entry{"quic_*", kLost, "HTTP/3 is not spoken; clients come by TCP"},
    Entry{"ssl", kLost, kTls},
    Entry{"ssl_verify_*", kLost, kClients},
    Entry{"ssl_client_certificate", kLost, kClients},
    Entry{"ssl_crl", kLost, kClients},
    Entry{"ssl_password_file", kLost, "write the key without a password: openssl pkey"},
    Entry{"ssl_conf_command", kLost, "OpenSSL is set up by tls of the listener alone"},
    Entry{"ssl_trusted_certificate", kUnneeded, "no OCSP answer is stapled"},
    Entry{"ssl_*", kLost, kTls},
    Entry{"proxy_ssl_*", kUnneeded, "is in tls of the upstreams that are spoken to by https or grpcs"},
    Entry{"gzip_static", kLost, kFiles},
    Entry{"gzip*", kUnneeded, "compress of the route says Vary, and keeps to HTTP/1.1 and later"},
    Entry{"gunzip*", kLost, kBody},
    Entry{"brotli_static", kLost, kFiles},
    Entry{"brotli*", kUnneeded, kOwn},
    Entry{"zstd_static", kLost, kFiles},
    Entry{"zstd*", kUnneeded, kOwn},
    Entry{"sub_filter*", kLost, kBody},
    Entry{"addition_*", kLost, kBody},
    Entry{"ssi*", kLost, kBody},
    Entry{"charset*", kLost, kBody},
    Entry{"expires", kUnneeded, "stands where no answer of an endpoint is passed on"},
    Entry{"etag", kLost, kFiles},
    Entry{"root", kLost, kFiles},
    Entry{"alias", kLost, kFiles},
    Entry{"index", kLost, kFiles},
    Entry{"autoindex*", kLost, kFiles},
    Entry{"try_files", kLost, kFiles},
    Entry{"open_file_cache*", kUnneeded, kFiles},
    Entry{"disable_symlinks", kUnneeded, kFiles},
    Entry{"recursive_error_pages", kUnneeded, kOwn},
    Entry{"proxy_intercept_errors", kLost, "the application's errors are passed on as they are"},
    Entry{"auth_*", kUnneeded, "part of a guard that is not carried over"},
    Entry{"valid_referers", kLost, kAccess},
    Entry{"secure_link*", kLost, kAccess},
    Entry{"limit_req*", kChanged, "requests beyond limits.rate are refused with 429"},
    Entry{"limit_conn*", kLost, "set limits.in_flight on the route, or max_connections on the listener"},
    Entry{"limit_rate*", kLost, "Switchyard does not slow responses down"},
    Entry{"fastcgi_*", kLost, kGateway},
    Entry{"uwsgi_*", kLost, kGateway},
    Entry{"scgi_*", kLost, kGateway},
    Entry{"memcached_*", kLost, kGateway},
    Entry{"proxy_cache*", kLost, kCache},
    Entry{"proxy_no_cache", kLost, kCache},
    Entry{"proxy_store*", kLost, kCache},
    Entry{"proxy_http_version", kUnneeded, "endpoints are spoken to in HTTP/1.1, or as upstreams.protocol says"},
    Entry{"proxy_buffering", kUnneeded, "bodies are streamed, not stored"},
    Entry{"proxy_request_buffering", kUnneeded, "bodies are streamed, not stored"},
    Entry{"proxy_buffer*", kUnneeded, "bodies are streamed, not stored"},
    Entry{"proxy_busy_buffers_size", kUnneeded, "bodies are streamed, not stored"},
    Entry{"proxy_max_temp_file_size", kUnneeded, "bodies are streamed, not stored"},
    Entry{"proxy_temp_*", kUnneeded, "bodies are streamed, not stored"},
    Entry{"proxy_socket_keepalive", kUnneeded, kOwn},
    Entry{"proxy_ignore_client_abort", kChanged,
          "a reset of the client cancels a request, closing its side does with abort_on_close of the route"},
    Entry{"proxy_cookie_*", kLost, "of cookies domain and path are changed, nothing else; see the application"},
    Entry{"proxy_method", kLost, "the method is passed on as it is"},
    Entry{"proxy_set_body", kLost, kBody},
    Entry{"proxy_pass_request_*", kLost, "headers and body are always passed on"},
    Entry{"proxy_pass_header", kUnneeded, "all headers of the application are passed on but those of the connection"},
    Entry{"proxy_ignore_headers", kUnneeded, "X-Accel headers have no effect here"},
    Entry{"proxy_bind", kLost, "the kernel chooses the address that connections leave from"},
    Entry{"proxy_limit_rate", kLost, "Switchyard does not slow responses down"},
    Entry{"mirror*", kLost, "Switchyard does not mirror requests"},
    Entry{"stub_status", kUnneeded, "see /metrics and `switchyard status`"},
    Entry{"status_zone", kUnneeded, "see /metrics and `switchyard status`"},
    Entry{"status", kUnneeded, "see /metrics and `switchyard status`"},
    Entry{"real_ip_header", kChanged, "is carried over where http or server say so, to client_header of the listener"},
    Entry{"real_ip_recursive", kUnneeded, kOwn},
    Entry{"rewrite_log", kUnneeded, kOwn},
    Entry{"uninitialized_variable_warn", kUnneeded, kOwn},
    Entry{"stream", kLost, "Switchyard forwards HTTP only, not TCP or UDP streams"},
    Entry{"mail", kLost, "Switchyard forwards HTTP only"},
};

bool fits(std::string_view pattern, std::string_view name) {
    if (!pattern.ends_with('*')) return pattern == name;
    return name.starts_with(pattern.substr(0, pattern.size() - 1));
}

}  // namespace

void note_untranslated(const Directive& directive, Notes& notes) {
    const std::string name = proxy_name(directive.name);
    for (const Entry& entry : kTable) {
        if (!fits(entry.name, name)) continue;
        notes.add({directive.file, directive.line, directive.written(), std::string(entry.advice), entry.kind});
        return;
    }
    notes.lost(directive, "has no counterpart in Switchyard");
}

}  // namespace switchyard::config::nginx
