// What must be read from a disk that may never answer, as a mount whose server has gone: read on a thread beside, which
// alone waits for it.
//
// Invariants: pieces are done one after the other; `then` gets what `work` gave, by `post`, and never after the
//   destructor. The destructor leaves a piece that is under way behind, waits for nothing, and ends with it;
//   so a piece owns all that it works on. What `then` holds ends where this was made, or where `post` leads to.
// Threads: made, used and ended on one; a thread lives while there is something to do, at most one at a time.
// Errors: work that throws gives an empty value.
#pragma once

#include <functional>
#include <memory>
#include <utility>

namespace switchyard::control {

class DiskErrands {
  public:
    using Post = std::function<void(std::function<void()>)>;  // calls it on the thread of this; from any thread

    explicit DiskErrands(Post post);
    ~DiskErrands();
    DiskErrands(const DiskErrands&) = delete;
    DiskErrands& operator=(const DiskErrands&) = delete;

    // False: no thread could be made; nothing is called.
    template <class T>
    [[nodiscard]] bool run(std::function<T()> work, std::function<void(T)> then) {
        const auto got = std::make_shared<T>();
        return start([work = std::move(work), got] { *got = work(); },
                     [then = std::move(then), got] { then(std::move(*got)); });
    }

  private:
    struct State;
    bool start(std::function<void()> work, std::function<void()> then);
    static void loop(const std::shared_ptr<State>& state);

    const std::shared_ptr<State> state_;
};

}  // namespace switchyard::control
