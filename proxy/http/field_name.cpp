#include "proxy/http/field_name.h"

#include "proxy/http/characters.h"

namespace switchyard::http {

FieldName field_name(std::string_view name) {
    using enum FieldName;
    auto when = [name](std::string_view known, FieldName id) { return equals_lower(name, known) ? id : other; };
    if (name.empty()) return other;
    const char first = lower(name[0]);
    switch (name.size()) {
        case 2:
            return when("te", te);
        case 3:
            return when("via", via);
        case 4:
            return first == 'h' ? when("host", host) : when("date", date);
        case 5:
            return when("proxy", proxy);
        case 6:
            switch (first) {
                case 'e':
                    return when("expect", expect);
                case 'c':
                    return when("cookie", cookie);
                case 's':
                    return when("server", server);
                default:
                    return other;
            }
        case 7:
            return first == 'u' ? when("upgrade", upgrade) : when("trailer", trailer);
        case 9:
            return when("forwarded", forwarded);
        case 10:
            return first == 'c' ? when("connection", connection) : when("keep-alive", keep_alive);
        case 11:
            return when("retry-after", retry_after);
        case 12:
            return first == 'x' ? when("x-request-id", x_request_id) : when("max-forwards", max_forwards);
        case 13:
            return when("authorization", authorization);
        case 14:
            return first == 'c' ? when("content-length", content_length) : when("http2-settings", http2_settings);
        case 15:
            return when("x-forwarded-for", x_forwarded_for);
        case 16:
            switch (first) {
                case 'x':
                    return when("x-forwarded-host", x_forwarded_host);
                default:
                    return when("proxy-connection", proxy_connection);
            }
        case 17:
            return first == 'x' ? when("x-forwarded-proto", x_forwarded_proto)
                                : when("transfer-encoding", transfer_encoding);
        case 18:
            return when("proxy-authenticate", proxy_authenticate);
        case 19:
            return when("proxy-authorization", proxy_authorization);
        default:
            return other;
    }
}

}  // namespace switchyard::http
