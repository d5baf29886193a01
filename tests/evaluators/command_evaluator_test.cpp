#include "evaluators/command_evaluator.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <thread>
#include <vector>

#include "space/error.h"
#include "tests/space/small_space.h"
#include "tests/temporary_folder.h"

using namespace edgefront;

namespace {

const std::string kHello = R"(printf '{"edgefront_evaluator":1,"name":"fake","version":"1"}\n'; )";
/// Sets $id of each request.
const std::string kEach = R"(while read -r line; do id=${line#*:}; id=${id%%,*}; )";
const std::string kAnswer = R"(printf '{"id":%s,"error":12.5,"pid":%s}\n' $id $$; )";

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// An evaluator that is a shell script, in a folder of its own.
struct Setup {
  explicit Setup(const std::string& script, const CommandOptions& more = {}) : options(more) {
    // $0 is the folder.
    options.command = {"sh", "-c", script, folder.path()};
    evaluator = make_command_evaluator(space, options);
  }
  std::string prepare() { return evaluator->prepare(folder.path(), {}); }
  Accuracy evaluate() { return evaluator->evaluate({.genotype = genotype}); }
  std::string failure() {
    const Accuracy accuracy = evaluate();
    CHECK_FALSE(accuracy.ok);
    CHECK(accuracy.failure.find('\n') == std::string::npos);
    return accuracy.failure;
  }
  std::string prepare_error() {
    try {
      prepare();
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  }

  SearchSpace space = parse_space(kSmallSpace, "small");
  Genotype genotype{std::vector<std::uint8_t>(space.decisions.size())};
  CommandOptions options;
  TemporaryFolder folder;
  std::unique_ptr<AccuracyEvaluator> evaluator;
};

CommandOptions with_retries(int retries) { return {.command = {}, .retries = retries}; }

/// What has ended and whose parent has not asked for it yet does not run.
bool runs(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  std::string id, name, state;
  file >> id >> name >> state;
  return !state.empty() && state != "Z";
}

/// Whether the process ends within ten seconds.
bool ends(pid_t process) {
  for (int i = 0; i < 1000 && runs(process); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return !runs(process);
}

}  // namespace

TEST_CASE("one copy answers one request after another") {
  Setup setup(kHello + kEach + kAnswer + "done");
  CHECK(setup.prepare().size() == 32);
  const Accuracy first = setup.evaluate(), second = setup.evaluate();
  CHECK(first.ok);
  CHECK(first.error_percent == 12.5);
  CHECK(first.extra.at("pid") == second.extra.at("pid"));
  const auto process = pid_t(first.extra.at("pid"));
  CHECK(runs(process));
  setup.evaluator.reset();
  CHECK_FALSE(runs(process));
}

TEST_CASE("requests from many threads share the copies, and none gets another's answer") {
  // Two copies must be at work at once: each waits until the other has a request.
  Setup setup(kHello + kEach +
                  R"(case $line in *'"replicate":7'*) touch $0/$id; )"
                  R"(until [ $(ls $0 | grep -cvF .) -ge 2 ]; do :; done;; esac; )"
                  R"(r=${line#*replicate\":}; printf '{"id":%s,"error":%s}\n' $id ${r%%,*}; done)",
              {.command = {}, .parallel = 2});
  setup.prepare();
  CHECK(setup.evaluator->side_by_side() == 2);
  std::vector<std::thread> threads;
  std::atomic<int> right{0};
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      // Threads 0 and 1 ask with replicate 7.
      const int replicate = t < 2 ? 7 : t + 10;
      const Accuracy accuracy =
          setup.evaluator->evaluate({.genotype = setup.genotype, .replicate = replicate});
      right += accuracy.ok && accuracy.error_percent == replicate;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(right == 8);
}

TEST_CASE("the highest fidelity is a whole training, each lower one a share of the next") {
  Setup setup(kHello + kEach +
                  R"(b=${line#*budget\":}; printf '{"id":%s,"error":%s}\n' $id ${b%%,*}; done)",
              {.command = {}, .fidelities = 3, .eta = 4});
  setup.prepare();
  double share = 0.0625;
  for (int fidelity = 0; fidelity < 3; ++fidelity, share *= 4) {
    const Accuracy accuracy =
        setup.evaluator->evaluate({.genotype = setup.genotype, .fidelity = fidelity});
    CHECK(accuracy.error_percent == share);
  }
}

TEST_CASE("the digest is of the name and version that the evaluator says") {
  Setup one(kHello + "cat >/dev/null"), same(kHello + "cat > /dev/null"),
      other(R"(printf '{"edgefront_evaluator":1,"name":"fake","version":"2"}\n'; cat)");
  CHECK(one.prepare() == same.prepare());
  CHECK(one.prepare() != other.prepare());
}

TEST_CASE("a copy that dies is replaced, and the request is asked again") {
  Setup setup(kHello + kEach + R"(if [ ! -e $0/marker ]; then touch $0/marker; kill -9 $$; fi; )" +
              kAnswer + "done");
  setup.prepare();
  CHECK(setup.evaluate().ok);
  CHECK(setup.evaluate().ok);
}

TEST_CASE("a copy that dies on every try fails the candidate with its last words") {
  const std::string script =
      kHello + kEach + "echo 'loading' >&2; echo 'no cheese' >&2; exit 7; done";
  Setup setup(script, with_retries(0));
  setup.prepare();
  const std::string text = setup.failure();
  CHECK_MESSAGE(contains(text, "ended with exit code 7 instead of an answer"), text);
  CHECK_MESSAGE(contains(text, "its last words: no cheese"), text);
  Setup twice(script, with_retries(2));
  twice.prepare();
  CHECK(contains(twice.failure(), "(after 2 more tries)"));
}

TEST_CASE("nonsense, another's answer and endless lines fail the candidate") {
  const auto reason = [](const std::string& answer) {
    Setup setup(kHello + kEach + answer + "; done", with_retries(0));
    setup.prepare();
    return setup.failure();
  };
  CHECK(contains(reason("echo epoch 1"), "wrote \"epoch 1\", which is no JSON object"));
  CHECK(contains(reason(R"(echo '{"id":999,"error":1}')"), "but was asked with \"id\":0"));
  CHECK(contains(reason("head -c 3000000 /dev/zero"), "a line of more than 1048576 bytes"));
  CHECK(contains(reason("exec 1>&-; sleep 100"), "closed its output instead of an answer"));
}

TEST_CASE("what comes after an answer costs a restart and no candidate") {
  Setup setup(kHello + kEach + kAnswer + "echo chatter; done", with_retries(0));
  setup.prepare();
  const Accuracy first = setup.evaluate();
  // The chatter is there when the copy waits for its next request.
  ::usleep(20000);
  const Accuracy second = setup.evaluate();
  CHECK(first.ok);
  CHECK(second.ok);
  CHECK(first.extra.at("pid") != second.extra.at("pid"));
}

TEST_CASE("an answer that takes too long is a failure, and all that the copy started is killed") {
  Setup setup(kHello + kEach +
                  R"(if [ ! -e $0/marker ]; then touch $0/marker; sleep 100 & )"
                  R"(echo $! > $0/pid; wait; fi; )" +
                  kAnswer + "done",
              {.command = {}, .timeout_s = 0.5});
  setup.prepare();
  const std::string text = setup.failure();
  CHECK_MESSAGE(contains(text, "gave no line within 0.5 s instead of an answer"), text);
  pid_t sleeper = 0;
  std::ifstream(setup.folder.path("pid")) >> sleeper;
  REQUIRE(sleeper > 0);
  CHECK(ends(sleeper));
  CHECK(setup.evaluate().ok);
}

TEST_CASE("an evaluator that cannot begin is wrong input that names the command") {
  const SearchSpace space = parse_space(kSmallSpace, "small");
  CHECK_THROWS_WITH_AS(make_command_evaluator(space, {.command = {"no-such-program", "x"}}),
                       doctest::Contains("there is no program \"no-such-program\""), InputError);
  CHECK_THROWS_WITH_AS(make_command_evaluator(space, {.command = {"./"}}),
                       doctest::Contains("that may be run"), InputError);
  const std::string ended = Setup("echo \"can't open file\" >&2; exit 2").prepare_error();
  CHECK_MESSAGE(contains(ended, "evaluator.command: \"sh -c"), ended);
  CHECK_MESSAGE(contains(ended,
                         "ended with exit code 2 before it said what it is; its last words: "
                         "can't open file"),
                ended);
  CHECK(contains(Setup("echo Hello; cat").prepare_error(), "wrote \"Hello\""));
  CHECK(contains(Setup("sleep 100", {.command = {}, .start_timeout_s = 0.05}).prepare_error(),
                 "gave no line within 0.05 s before it said what it is"));
}

TEST_CASE("a copy that says to be another evaluator stops the search") {
  Setup setup(
      R"(v=1; [ -e $0/marker ] && v=2; touch $0/marker; )"
      R"(printf '{"edgefront_evaluator":1,"name":"fake","version":"%s"}\n' $v; read -r line)");
  setup.prepare();
  CHECK_THROWS_WITH_AS(setup.evaluate(),
                       doctest::Contains("was fake 1 when the search began and is now fake 2"),
                       EnvironmentError);
}
