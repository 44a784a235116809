// The language server: messages in, messages out. It knows nothing of streams and processes.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/lsp/documents.h"
#include "compiler/lsp/navigation.h"
#include "compiler/lsp/snapshot.h"

namespace macc::lsp {

/// What a request can be answered with instead of a result.
struct Error {
  int code = 0;
  std::string message;
};

class Server {
 public:
  explicit Server(std::string version) : version_(std::move(version)) {}

  /// A message as it came. Nothing is answered before work(), so that what is still waiting can be called off.
  void post(std::string_view body);
  /// Works off all that was posted, and says what is new about the policies. Returns the messages to send, in order.
  [[nodiscard]] std::vector<std::string> work();
  /// The client has said goodbye.
  [[nodiscard]] bool finished() const { return finished_; }
  /// It had asked for the end before.
  [[nodiscard]] bool was_shut_down() const { return shut_down_; }

  // What takes long can be answered elsewhere, by answer_aside() in a copy of this process, so that others need not
  // wait.
  void leave_aside() { leaves_aside_ = true; }
  /// The requests that were left so far, as they came.
  [[nodiscard]] std::vector<std::string> take_asides() { return std::exchange(asides_, {}); }
  /// The answer to such a request.
  [[nodiscard]] std::string answer_aside(const std::string& request);
  /// What can be said at once of what such a request asks, when the answer takes too long; nullopt for nothing.
  [[nodiscard]] std::optional<std::string> answer_in_part(const std::string& request);
  /// The answer when there will be none, since the text has changed, or since the copy of the process is gone.
  [[nodiscard]] std::string give_up(const std::string& request, bool changed);

  // A project of many policies takes seconds to look through as a whole. After a change only the open files are looked
  // at; the rest follows when there is time, and can be done elsewhere since it changes nothing here.
  [[nodiscard]] std::optional<Unit> due() const;
  /// Another number after anything was looked at anew: a check that began before is worth nothing.
  [[nodiscard]] std::uint64_t state() const { return looks_; }
  /// The findings of a whole unit, for take().
  [[nodiscard]] std::string check(const Unit& unit) const;
  /// Returns the messages to send. "" for a check that came to nothing.
  [[nodiscard]] std::vector<std::string> take(const Unit& unit, const std::string& findings);

 private:
  using Lists = std::map<std::string, Json>;  // diagnostics by URI
  struct State {
    std::shared_ptr<const Snapshot> now;         // of the open files, or of all
    std::shared_ptr<const Snapshot> names;       // of all, for those who look for names
    std::shared_ptr<const Snapshot> last_sound;  // without errors
    bool dirty = true;                           // something changed since `now`
    bool waiting = true;                         // `now` was not published
    bool whole_due = false;
    std::optional<std::uintmax_t> size;
    Lists published;
    std::map<std::string, std::int64_t> versions;  // with which a list was published
  };
  /// A document with what is known about it.
  struct Place {
    const Document& document;
    const Unit& unit;
    std::shared_ptr<const Snapshot> snapshot;
    FileId file = FileId::none;
    std::uint32_t offset = 0;
  };

  void handle(const Json& message);
  void request(const Json& id, const std::string& method, const Json& params);
  void notification(const std::string& method, const Json& params);
  [[nodiscard]] std::variant<Json, Error> answer(const std::string& method, const Json& params);
  [[nodiscard]] bool is_superseded(const Json& params) const;
  [[nodiscard]] bool takes_long(const std::string& method, const Json& params);

  [[nodiscard]] Json initialize(const Json& params);
  void initialized();
  void set_folders(std::vector<std::filesystem::path> folders);
  void find_projects();
  [[nodiscard]] std::variant<Json, Error> format(const Json& params) const;
  [[nodiscard]] Json code_action(const Json& params);
  [[nodiscard]] Json symbols_everywhere(const std::string& query);
  [[nodiscard]] std::variant<Json, Error> renamed(const Json& params, bool prepare);

  [[nodiscard]] Place place(const Json& params, bool everywhere = false);
  void touch(const std::string& uri);
  [[nodiscard]] static bool concerns(const Document& document, const Unit& changed, const Unit& unit,
                                     const State& state);
  void touch_all();
  void assign_units();
  void analyse(const Unit& unit, State& state);
  [[nodiscard]] std::shared_ptr<const Snapshot> look(const Unit& unit, Depth depth);
  [[nodiscard]] std::shared_ptr<const Snapshot> all_names(const Unit& unit);
  void publish(const Unit& unit, State& state);
  void keep_findings(const State& state, Lists& lists) const;
  void publish_list(State& state, const std::string& uri, const Json& list);
  void drop(const Unit& unit);
  [[nodiscard]] Json portable(Json edit) const;

  void send(Json message);
  void reply(const Json& id, Json result);
  void refuse(const Json& id, int code, const std::string& message);
  void log(const std::string& message);

  std::string version_;
  std::deque<Json> queue_;
  std::vector<std::string> out_;
  std::set<Json> cancelled_;
  bool leaves_aside_ = false;
  struct {
    std::shared_ptr<const Snapshot> of;
    FileId file = FileId::none;
    std::vector<Edit> edits;
  } safe_edits_;          // the last that were asked for: a client asks again for each place of the cursor
  bool in_part_ = false;  // leaves out what takes long
  std::vector<std::string> asides_;
  std::uint64_t looks_ = 0;
  bool started_ = false, shut_down_ = false, finished_ = false;
  bool can_watch_ = false, knows_document_changes_ = false;
  std::vector<std::filesystem::path> folders_;
  std::set<Unit> projects_;  // of the folders
  Documents documents_;
  std::map<std::string, Unit> units_;  // by URI
  std::map<Unit, State> states_;
};

}  // namespace macc::lsp
