#include "forum/store/connection.h"

#include <algorithm>
#include <utility>

#include "forum/store/engine_at.h"

namespace forum {

struct Query::Prepared {
    std::unique_ptr<PreparedStatement> statement;
    bool in_use = false;
    bool temporary = false;  // a second use of a text at the same time; owned by its Query
    std::uint64_t last_use = 0;
};

Query::Query(Prepared& prepared) : prepared_(&prepared) {}

Query::Query(Query&& other) noexcept : prepared_(std::exchange(other.prepared_, nullptr)) {}

Query::~Query() {
    if (prepared_ == nullptr) return;
    if (prepared_->temporary) {
        delete prepared_;
        return;
    }
    prepared_->statement->reset();
    prepared_->in_use = false;
}

bool Query::step() {
    return prepared_->statement->step();
}

void Query::run() {
    while (step()) {
    }
}

std::int64_t Query::integer(int column) const {
    return prepared_->statement->integer(column);
}
double Query::real(int column) const {
    return prepared_->statement->real(column);
}

std::string_view Query::view(int column) const {
    return prepared_->statement->view(column);
}

bool Query::is_null(int column) const {
    return prepared_->statement->is_null(column);
}

std::optional<std::int64_t> Query::maybe_integer(int column) const {
    if (is_null(column)) return std::nullopt;
    return integer(column);
}

void Query::bind_value(int index, std::int64_t value) {
    prepared_->statement->bind(index, value);
}

void Query::bind_value(int index, double value) {
    prepared_->statement->bind(index, value);
}

void Query::bind_value(int index, std::string_view value) {
    prepared_->statement->bind(index, value);
}

void Query::bind_value(int index, std::nullopt_t) {
    prepared_->statement->bind_null(index);
}

void Query::bind_value(int index, const std::optional<std::int64_t>& value) {
    if (value) {
        bind_value(index, *value);
    } else {
        bind_value(index, std::nullopt);
    }
}

Connection::Connection(const std::string& address, Mode mode)
    : Connection(engine_at(address)->open(mode == Mode::read_only ? Purpose::reading : Purpose::maintaining)) {}

Connection::Connection(std::unique_ptr<DatabaseSession> session) : session_(std::move(session)) {}

Connection::~Connection() = default;

Query Connection::query_text(std::string_view sql) {
    auto found = prepared_.find(sql);
    if (found == prepared_.end()) {
        if (session_->prepared_most() > 0 && prepared_.size() >= session_->prepared_most()) drop_least_used();
        auto fresh = std::make_unique<Query::Prepared>(Query::Prepared{session_->prepare(sql)});
        found = prepared_.emplace(std::string(sql), std::move(fresh)).first;
    } else if (found->second->in_use) {
        auto second = std::make_unique<Query::Prepared>(Query::Prepared{session_->prepare(sql), true, true});
        return Query(*second.release());
    }
    found->second->in_use = true;
    found->second->last_use = ++uses_;
    return Query(*found->second);
}

void Connection::drop_least_used() {
    const auto least = std::ranges::min_element(
        prepared_, {}, [](const auto& entry) { return entry.second->in_use ? UINT64_MAX : entry.second->last_use; });
    if (!least->second->in_use) prepared_.erase(least);
}

void Connection::forget_prepared() {
    prepared_.clear();
}

void Connection::at_commit(std::function<void(Connection&)> work) {
    if (!gathers_) return work(*this);
    gathered_.push_back(std::move(work));
}

void Connection::run_gathered() {
    const auto works = std::exchange(gathered_, {});
    for (const auto& work : works) work(*this);
}

}  // namespace forum
