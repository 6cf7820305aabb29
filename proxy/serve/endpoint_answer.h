// The head of an endpoint's answer, checked, and what it says about what comes behind it.
//
// Pure; `base` is where the head's text stands.
#pragma once

#include <string>
#include <string_view>

#include "proxy/http/framing.h"
#include "proxy/http/head.h"
#include "proxy/route/asked.h"

namespace switchyard::serve {

struct EndpointAnswer {
    // Null: it may be passed on. Else why not.
    // `by_http2`: an upgrade was not offered but asked for, and its key is ours (RFC 8441).
    const char* check(const char* base, const route::Asked& asked, bool by_http2 = false);
    // Why it is refused, with the first octets of `text`: the endpoint's people need to see what it was, and these hold
    // no secret of a client.
    const std::string& refuse(std::string_view why, std::string_view text);

    // Frames tell where its body ends.
    void is_framed() {
        if (guarded.body.kind == http::Body::Kind::until_close) guarded.body.kind = http::Body::Kind::chunked;
    }

    bool interim() const { return head.status < 200 && head.status != 101; }
    bool opens_tunnel(const route::Asked& asked) const {
        return head.status == 101 || (asked.method() == "CONNECT" && head.status < 300);
    }
    // A good answer that ought to say something.
    bool ought_to_have_a_body(const route::Asked& asked) const;
    // It has no end, or one that says more about its size than about the release.
    bool takes_its_time(const char* base) const;
    // It or its request speaks of an authentication that holds for the connection.
    bool binds(const char* base, const route::Asked& asked) const {
        return ((asked.head.known | head.known) & kAuthentication) != 0 &&
               (http::binds_connection(asked.facts.base, asked.head) || http::binds_connection(base, head));
    }

    http::Head head;
    http::Guarded guarded;
    std::string refused;

  private:
    const char* check_websocket(const char* base, const route::Asked& asked);

    static constexpr std::uint32_t kAuthentication = 1u << static_cast<unsigned>(http::FieldName::authorization) |
                                                     1u << static_cast<unsigned>(http::FieldName::proxy_authorization) |
                                                     1u << static_cast<unsigned>(http::FieldName::www_authenticate) |
                                                     1u << static_cast<unsigned>(http::FieldName::proxy_authenticate);
};

}  // namespace switchyard::serve
