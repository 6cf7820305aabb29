#include "forum/store/engine/mariadb/table_signals.h"

#include <set>
#include <utility>

namespace forum {

namespace {

constexpr std::int64_t kListsSlot = 0;
constexpr std::int64_t kSearchesSlot = 1;
constexpr std::int64_t kFirstPostSlot = 2;

std::int64_t post_slot(std::string_view public_id) {
    return kFirstPostSlot + static_cast<std::int64_t>(post_counter(public_id));
}

}  // namespace

struct TableSignals::Asking {
    MariadbSession session;
    std::unique_ptr<PreparedStatement> counters;  // goes before its session

    explicit Asking(const MariadbAddress& address)
        : session(address, Purpose::reading),
          counters(session.prepare("SELECT ifnull(sum(value), 0) FROM change_counters WHERE slot IN (?, ?)")) {}
};

TableSignals::TableSignals(MariadbAddress address) : address_(std::move(address)) {}

TableSignals::~TableSignals() = default;

std::unique_ptr<TableSignals::Asking> TableSignals::take(bool fresh) const {
    std::unique_lock lock(mutex_);
    came_free_.wait(lock, [&] { return lent_ < kSessionsMost; });  // a question has its time limit
    if (fresh) idle_.clear();
    ++lent_;
    if (idle_.empty()) return nullptr;
    auto asking = std::move(idle_.back());
    idle_.pop_back();
    return asking;
}

void TableSignals::give_back(std::unique_ptr<Asking> asking) const {
    {
        const std::lock_guard guard(mutex_);
        --lent_;
        if (asking != nullptr && asking->session.is_alive()) idle_.push_back(std::move(asking));
    }
    came_free_.notify_one();
}

std::uint64_t TableSignals::sum(std::int64_t slot, std::int64_t other) const {
    for (bool fresh = false;; fresh = true) {
        std::unique_ptr<Asking> asking = take(fresh);
        try {
            if (asking == nullptr) asking = std::make_unique<Asking>(address_);
            asking->counters->bind(1, slot);
            asking->counters->bind(2, other);
            asking->counters->step();
            const auto value = static_cast<std::uint64_t>(asking->counters->integer(0));
            asking->counters->reset();
            give_back(std::move(asking));
            return value;
        } catch (const StoreError& e) {
            give_back(nullptr);
            if (fresh || e.failure() != StoreFailure::gone) throw StoreUnavailable(e.what(), e.failure());
        }
    }
}

// Asked once by each process, when it starts.
std::uint64_t TableSignals::life() const {
    MariadbSession session(address_, Purpose::reading);
    return static_cast<std::uint64_t>(number_from(session, "SELECT life FROM change_life WHERE id = 1"));
}

std::uint64_t TableSignals::lists() const {
    return sum(kListsSlot, kListsSlot);
}
// Both only grow, so their sum is the same only while neither was raised.
std::uint64_t TableSignals::searches() const {
    return sum(kListsSlot, kSearchesSlot);
}
std::uint64_t TableSignals::post(std::string_view public_id) const {
    const std::int64_t slot = post_slot(public_id);
    return sum(slot, slot);
}

std::string TableSignals::counting(const Touched& touched) {
    std::set<std::int64_t> slots;
    for (const std::string& post : touched.posts) slots.insert(post_slot(post));
    if (touched.lists) slots.insert(kListsSlot);
    if (touched.searches) slots.insert(kSearchesSlot);
    std::string sql;
    for (const std::int64_t slot : slots) {
        sql += sql.empty() ? "INSERT INTO change_counters (slot, value) VALUES " : ", ";
        sql += '(' + std::to_string(slot) + ", 1)";
    }
    return sql.empty() ? sql : sql + " ON DUPLICATE KEY UPDATE value = value + 1; ";
}

}  // namespace forum
