#include "proxy/http/local_reply.h"

namespace switchyard::http {

std::string_view reason_phrase(std::uint16_t status) {
    switch (status) {
        case 200:
            return "OK";
        case 204:
            return "No Content";
        case 301:
            return "Moved Permanently";
        case 302:
            return "Found";
        case 303:
            return "See Other";
        case 307:
            return "Temporary Redirect";
        case 308:
            return "Permanent Redirect";
        case 400:
            return "Bad Request";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 408:
            return "Request Timeout";
        case 410:
            return "Gone";
        case 413:
            return "Content Too Large";
        case 414:
            return "URI Too Long";
        case 417:
            return "Expectation Failed";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 502:
            return "Bad Gateway";
        case 503:
            return "Service Unavailable";
        case 504:
            return "Gateway Timeout";
        case 505:
            return "HTTP Version Not Supported";
        default:
            return "Status";
    }
}

void write_local_reply(Writer& out, const LocalReply& reply) {
    char problem_text[512];
    Writer problem(problem_text);
    std::string_view body = reply.body, type = reply.content_type;
    if (type.empty()) {
        // Details are texts of ours, request ids are checked tokens: nothing needs escaping.
        problem << "{\"type\":\"about:blank\",\"title\":\"" << reason_phrase(reply.status)
                << "\",\"status\":" << std::uint64_t{reply.status} << ",\"detail\":\"" << reply.detail << "\"";
        if (!reply.request_id.empty()) problem << ",\"request_id\":\"" << reply.request_id << "\"";
        problem << "}\n";
        body = problem.text();
        type = "application/problem+json";
    }
    // Nobody reads a body behind these: its octets would be taken for the next response (RFC 9110 §8.6, §15.3.6).
    const bool bodiless = reply.status == 204 || reply.status == 205 || reply.status == 304;
    if (bodiless) body = {};
    out << "HTTP/1.1 " << std::uint64_t{reply.status} << ' ' << reason_phrase(reply.status) << "\r\n"
        << reply.date_line;
    if (!bodiless) out << "Content-Type: " << type << "\r\n";
    if (!bodiless || reply.status == 205) out << "Content-Length: " << std::uint64_t{body.size()} << "\r\n";
    out << reply.extra_lines;
    if (reply.retry_after != 0) out << "Retry-After: " << std::uint64_t{reply.retry_after} << "\r\n";
    if (!reply.request_id.empty()) out << "X-Request-Id: " << reply.request_id << "\r\n";
    out << (reply.close ? "Connection: close\r\n\r\n" : "\r\n");
    if (!reply.head_only) out << body;
}

}  // namespace switchyard::http
