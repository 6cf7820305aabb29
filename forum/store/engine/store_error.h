// What can go wrong with a database, in the words of all engines.
//
// Values. A message names what was asked for and what the engine said; it never holds a password.
#pragma once

#include <stdexcept>
#include <string>

namespace forum {

enum class StoreFailure {
    other,
    constraint,  // a UNIQUE or another constraint was about to be broken
    retry,  // the engine has undone the whole transaction, which works when it is run again: a deadlock, a lock's end
    gone,   // the connection is lost; what it was doing is undone, but for a commit, which may have happened
    full,   // there is no room
    read_only,  // the server takes no changes now
    overdue,    // the statement took longer than it may
};

// After these the transaction as a whole is gone or worth nothing, whatever change of it met them.
constexpr bool ends_transaction(StoreFailure failure) {
    return failure != StoreFailure::other && failure != StoreFailure::constraint;
}

class StoreError : public std::runtime_error {
  public:
    explicit StoreError(const std::string& what, StoreFailure failure = StoreFailure::other)
        : std::runtime_error(what), failure_(failure) {}
    StoreFailure failure() const { return failure_; }

  private:
    StoreFailure failure_;
};

class ConstraintError : public StoreError {
  public:
    explicit ConstraintError(const std::string& what) : StoreError(what, StoreFailure::constraint) {}
};

// Nothing was changed.
class StoreUnavailable : public StoreError {
  public:
    using StoreError::StoreError;
};

// The connection was lost while a commit was under way, and the database could not be asked whether it happened.
class OutcomeUnknown : public StoreError {
  public:
    using StoreError::StoreError;
};

}  // namespace forum
