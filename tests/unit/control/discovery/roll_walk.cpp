// Laws of the roll under whatever a registry and a network may do, on seeded walks.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "control/discovery/kept_text.h"
#include "control/discovery/roll.h"

#include "tests/support/found_at.h"

using namespace switchyard::control::discovery;
using namespace switchyard;
using namespace std::chrono_literals;

namespace {

using Hosts = std::set<std::string>;

// A world of some addresses: who is up, and what the source says of them. The oracle beside it knows nothing of guards:
// it only counts for how long, and in how many complete answers, an endpoint was not named.
class Walk {
  public:
    explicit Walk(unsigned seed) : random_(seed), rules_(rules()), roll_(rules_) {}

    void step() {
        const auto before = used();
        const auto number = roll_.number();
        const bool had_one = somebody_up(before);
        switch (dice(10)) {
            case 0:
                turn(pick());
                break;
            case 1:
            case 2:
                pass();
                break;
            case 3:
                restart();
                break;
            case 4:
                hear(Sighting::failed("SERVFAIL"));
                CHECK(used() == before);  // an error is never an answer
                break;
            case 5:
                hear(sighting({}));
                break;
            default:
                hear(sighting(some()));
        }
        const auto after = used();
        CHECK((roll_.number() != number) == (after != before));
        CHECK(roll_.number() >= number);
        for (const auto& host : before)
            if (!after.contains(host)) CHECK_MESSAGE(may_leave(host), host, " left");
        // While one that passes its checks was routed, one is.
        if (had_one && any_up(before)) CHECK(somebody_up(after));
    }

  private:
    static constexpr int kHosts = 7;

    config::Discovery rules() {
        config::Discovery out;
        out.hold = std::chrono::seconds(dice(20));
        out.confirm_after = std::chrono::seconds(dice(60));
        out.max_removed_percent = static_cast<std::uint32_t>(dice(101));
        out.allow_empty = dice(2) == 0;
        in_parts_ = dice(2) == 0;
        return out;
    }
    int dice(int sides) { return std::uniform_int_distribution<int>(0, sides - 1)(random_); }
    std::string pick() { return "10.0.0." + std::to_string(1 + dice(kHosts)); }
    Hosts some() {
        Hosts out;
        for (int i = 1; i <= kHosts; ++i)
            if (dice(3) != 0) out.insert("10.0.0." + std::to_string(i));
        return out;
    }
    Sighting sighting(const Hosts& hosts) {
        Sighting out;
        out.complete = true;
        out.in_parts = in_parts_;
        for (const auto& host : hosts) out.found.push_back(found_at(host + ":80"));
        return out;
    }
    bool up(const std::string& host) const {
        const auto it = up_.find(host);
        return it == up_.end() || it->second;
    }
    Roll::Health vitals() {
        return {[this](const config::Address& address) { return up(address.host) ? Vital::up : Vital::down; }, false};
    }
    Roll::Now now() const { return {now_, now_.time_since_epoch().count() / 1'000'000}; }
    void turn(const std::string& host) {
        up_[host] = !up(host);
        roll_.judge(vitals(), now());
    }
    void pass() {
        now_ += std::chrono::milliseconds(dice(30'000));
        roll_.judge(vitals(), now());
    }
    void hear(const Sighting& sighting) {
        if (sighting.complete) {
            Hosts named;
            for (const auto& found : sighting.found) named.insert(found.address.host);
            failing_ = false;
            empty_ = named.empty();
            if (!empty_) empties_ = 0;
            if (empty_ && empties_++ == 0) empty_since_ = now_;
            for (int i = 1; i <= kHosts; ++i) {
                const auto host = "10.0.0." + std::to_string(i);
                auto& lack = lacks_[host];
                if (named.contains(host))
                    lack = {};
                else if (++lack.answers == 1)
                    lack.since = now_;
            }
        } else {
            failing_ = true;
        }
        roll_.heard(sighting, vitals(), now());
    }
    void restart() {
        const auto kept = read_kept(kept_text(roll_.kept()));
        REQUIRE(kept);
        const auto before = used();
        roll_ = Roll(rules_);
        roll_.restore(*kept, now());
        CHECK(used() == before);
        failing_ = true;
    }
    Hosts used() const {
        Hosts out;
        for (const auto& endpoint : roll_.endpoints()) out.insert(endpoint.address.host);
        return out;
    }
    bool any_up(const Hosts& hosts) const {
        return std::ranges::any_of(hosts, [&](const auto& host) { return up(host); });
    }
    bool somebody_up(const Hosts& hosts) const { return any_up(hosts); }
    // Only one that a complete answer lacks, which is not contradicted; and it is down, or it was confirmed.
    bool may_leave(const std::string& host) const {
        const auto it = lacks_.find(host);
        if (it == lacks_.end() || it->second.answers == 0 || failing_) return false;
        if (empty_ && (!rules_.allow_empty || empties_ < 3 || now_ - empty_since_ < rules_.confirm_after)) return false;
        if (!up(host)) return true;
        return now_ - it->second.since >= rules_.hold && (!in_parts_ || it->second.answers >= 3);
    }

    struct Lack {
        int answers = 0;
        Roll::Time since{};
    };
    std::mt19937 random_;
    bool in_parts_ = false;
    config::Discovery rules_;
    Roll roll_;
    Roll::Time now_{};
    std::map<std::string, bool> up_;
    std::map<std::string, Lack> lacks_;
    bool failing_ = true, empty_ = false;
    int empties_ = 0;
    Roll::Time empty_since_{};
};

}  // namespace

TEST_CASE("nobody who passes its checks leaves but by a confirmed answer, errors change nothing, the last one stays") {
    for (unsigned seed = 1; seed <= 400; ++seed) {
        CAPTURE(seed);
        Walk walk(seed);
        for (int i = 0; i < 300; ++i) walk.step();
    }
}
