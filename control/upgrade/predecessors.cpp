#include "control/upgrade/predecessors.h"

#include <algorithm>
#include <utility>

#include "proxy/base/log.h"

namespace switchyard::control::upgrade {

Predecessors::Predecessors(boost::asio::any_io_executor executor, Ports ports)
    : executor_(std::move(executor)), ports_(std::move(ports)) {}

void Predecessors::add(switchyard::net::Descriptor line, Json about) {
    all_.push_back(std::make_unique<One>(std::move(line)));
    all_.back()->about = std::move(about);
}

void Predecessors::count_in() {
    for (auto& one : all_)
        if (!std::exchange(one->counted, true)) one->number = ports_.joined();
}

void Predecessors::listen_to(One& one) {
    one.line.listen(
        executor_, [this, &one](Message message) { heard(one, message); },
        [this, &one](const std::string&) { ended(one); });
}

void Predecessors::listen() {
    for (auto& one : all_) listen_to(*one);
}

void Predecessors::rest() {
    for (auto& one : all_) {
        one->line.rest();
        if (std::exchange(one->counted, false)) ports_.left(one->number);
    }
}

void Predecessors::heard(One& one, const Message& message) {
    if (message.type() == "adopted") {
        if (one.counted) ports_.adopted(one.number, message.body.value("generation", std::uint64_t{0}));
        return;
    }
    if (&one == all_.back().get()) ports_.said(message);
}

void Predecessors::ended(One& one) {
    const auto it = std::find_if(all_.begin(), all_.end(), [&](const auto& each) { return each.get() == &one; });
    if (it == all_.end()) return;
    const bool newest = it + 1 == all_.end();
    gone_.clear();
    gone_.push_back(std::move(*it));
    all_.erase(it);
    log_info("process {}, which served before this one, has ended", one.about.value("pid", 0));
    if (one.counted) ports_.left(one.number);
    if (newest) ports_.gone();
}

Json Predecessors::view() const {
    Json out = Json::array();
    for (const auto& one : all_) out.push_back(one->about);
    return out;
}

void Predecessors::tell(const Json& message) {
    for (auto& one : all_) one->line.send(message);
}

void Predecessors::tell_newest(const Json& message) {
    if (!all_.empty()) all_.back()->line.send(message);
}

void Predecessors::cut_oldest() {
    if (!all_.empty()) all_.front()->line.send({{"type", "end"}, {"within_ms", 0}});
}

std::vector<int> Predecessors::lines() const {
    std::vector<int> out;
    for (const auto& one : all_) out.push_back(one->line.descriptor());
    return out;
}

}  // namespace switchyard::control::upgrade
