// Whose turn it is to search: a search is the one read that keeps a processor busy, so only some run at a time, and all
// others – reading, logging in, probes – find the rest of the machine free.
//
// Threads: any.
#pragma once

#include <chrono>
#include <semaphore>

namespace forum {

class SearchTurns {
  public:
    // Half of the machine, at least one.
    SearchTurns();

    // Throws a 503 Refusal when it has not come after a while.
    class Turn {
      public:
        explicit Turn(SearchTurns& turns);
        ~Turn() { turns_.slots_.release(); }
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;

      private:
        SearchTurns& turns_;
    };

  private:
    std::counting_semaphore<1'024> slots_;
};

}  // namespace forum
