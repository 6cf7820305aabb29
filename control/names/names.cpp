#include "control/names/names.h"

#include <algorithm>
#include <random>
#include <utility>

#include "config/model.h"
#include "proxy/snapshot/members.h"

namespace switchyard::control {
namespace {

using std::chrono::steady_clock;

double chance() {
    static thread_local std::minstd_rand random{std::random_device{}()};
    return std::uniform_real_distribution<double>(0, 1)(random);
}

}  // namespace

std::set<std::string> names_of(const config::Model& model) {
    std::set<std::string> out;
    for (const auto& [name, upstream] : model.upstreams)
        for (const auto& endpoint : upstream.endpoints)
            if (endpoint.address.kind == config::Address::Kind::name) out.insert(endpoint.address.host);
    return out;
}

Names::Names(boost::asio::any_io_executor executor, const config::Resolver& settings, Doors doors,
             const AddressRows& restored, NameWatch::Files files)
    : doors_(doors),
      book_(chance),
      watch_(
          executor, settings, book_, [this] { arm(); }, std::move(files)),
      pace_(executor) {
    for (const auto& [name, addresses] : restored) book_.restore(name, addresses, steady_clock::now());
}

void Names::introduce(const config::Model& model) {
    if (stopped_) return;
    book_.introduce(names_of(model), steady_clock::now());
    watch_.look();
}

void Names::follow(const config::Model& model) {
    if (stopped_) return;
    book_.follow(names_of(model), steady_clock::now());
    watch_.look();
    arm();  // what the file says of a new name is to be kept, too
}

void Names::discovered(const std::string& upstream, std::vector<config::Endpoint> endpoints) {
    // Before the beginning, too, when nothing is published yet.
    const auto before = known().version;
    book_.discovered(upstream, std::move(endpoints));
    if (known().version != before) arm();
}

void Names::health_changed() {
    if (!book_.with_leaving().empty()) arm();
}

void Names::stop() {
    stopped_ = true;
    watch_.stop();
    pace_.cancel();
}

bool Names::all_asked() const {
    return book_.all_asked(steady_clock::now());
}

void Names::arm() {
    if (stopped_ || std::exchange(armed_, true)) return;
    pace_.expires_at(std::max(steady_clock::now(), last_ + kPace));
    pace_.async_wait([this](boost::system::error_code ec) {
        if (ec || stopped_) return;
        armed_ = false;
        take_up();
    });
}

void Names::take_up() {
    for (const auto& news : book_.take_news()) doors_.readers.tell(news);
    AddressRows rows;
    for (const auto& name : book_.take_changed()) rows[name] = book_.current(name);
    if (!rows.empty()) doors_.readers.keep(rows);

    // New members are followed first: without health checks they are usable at once, and then nothing former has to
    // stay.
    const bool changed = doors_.in_force.published() != known().version;
    if (changed) doors_.readers.follow(known());
    const auto before = known().version;
    for (const auto& name : book_.with_leaving())
        if (needless(name)) book_.let_go(name);
    if (known().version != before) doors_.readers.follow(known());
    if (doors_.in_force.published() == known().version) return;
    last_ = steady_clock::now();
    doors_.readers.publish(known());
}

// Whether no upstream needs the former addresses of a name any more.
bool Names::needless(const std::string& name) const {
    const auto& leaving = book_.sight(name).leaving;
    for (const auto& [upstream, settings] : doors_.in_force.model().upstreams)
        for (const auto& endpoint : settings.endpoints) {
            if (endpoint.address.kind != config::Address::Kind::name || endpoint.address.host != name) continue;
            bool present = false, former = false;
            for (const auto& member : members_of(endpoint.address, known())) {
                const bool leaves = std::ranges::find(leaving, member.to.host) != leaving.end();
                (leaves ? former : present) |= doors_.in_force.usable(upstream, member.identity);
            }
            if (former && !present) return false;
        }
    return true;
}

}  // namespace switchyard::control
