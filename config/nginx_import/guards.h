// What keeps requests out of a place: allow and deny, auth_…, client certificates, limit_except.
//
// Addresses become a condition that a rule answers with 403. Whatever else guards is not carried over: the place is
// closed then, for every client, until the operator guards it in another way and opens it.
// Threads: plain values.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/model/access.h"
#include "config/model/listener.h"
#include "config/nginx_import/formula.h"
#include "config/nginx_import/notes.h"

namespace switchyard::config::nginx {

class Guards {
  public:
    // What holds inside a block: a kind that the block names itself replaces what was said around it.
    Guards under(const std::vector<Directive>& block) const;
    // What they guard is reached by this listener.
    void go_by(const Listener& listener);
    // Clients are asked for their certificates by the listener: `ssl_verify_client` guards nothing here.
    void certificates_are_carried() { others_.erase("ssl_verify_client"); }
    // Directives of which Guards says all there is to say.
    static bool knows(std::string_view name);

    // For whom the addresses close the place.
    Formula denied() const;
    // The same as lists, empty ones where no client is refused; nothing where denied() says more than lists can.
    std::optional<Access> access() const;
    bool by_address() const { return !addresses_.empty(); }
    // The guard that is not carried over; null: none, or addresses alone decide (`satisfy any`).
    const Directive* unheld() const;
    // Says of each part that is not carried over what that means.
    void note(Notes& notes) const;

  private:
    bool reads_another_address() const;

    std::vector<const Directive*> addresses_;         // allow and deny, as written
    std::map<std::string, const Directive*> others_;  // by name, those that are not off
    bool any_ = false;                                // satisfy any
    bool real_ip_ = false;                            // set_real_ip_from
    std::string real_ip_header_ = "X-Real-IP";        // nginx's own default
    std::optional<std::string> read_here_;            // where the listeners find the client; empty: nowhere
};

// The methods that `limit_except` does not touch, as a condition on the others.
Formula other_methods(const Directive& limit_except);

}  // namespace switchyard::config::nginx
