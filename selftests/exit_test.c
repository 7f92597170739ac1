// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Truth at exit: when waitpid() for a process has returned, or a wait on its
 * pidfd has, no read shows it as a member. Nothing here waits or tries again.
 *
 * Each way to end is tried twice: as it comes, and with the kernel's workers
 * held up, so that nothing but the reads themselves can hide the dead.
 */
#include <pthread.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/ptrace.h>
#include <sys/resource.h>

#include "cgroup.h"
#include "events.h"
#include "stage.h"

FIXTURE(exit) {
	struct stage s;
};

FIXTURE_VARIANT(exit) {
	bool hold;
};

FIXTURE_VARIANT_ADD(exit, at_once) {};

FIXTURE_VARIANT_ADD(exit, workers_held) {
	.hold = true,
};

FIXTURE_SETUP(exit)
{
	stage_setup(_metadata, &self->s, variant->hold);
}

FIXTURE_TEARDOWN(exit)
{
	stage_teardown(_metadata, &self->s);
}

/* --- One thread ----------------------------------------------------------- */

TEST_F(exit, reaped_by_waitpid)
{
	struct stage *s = &self->s;
	struct kid kid;
	uint64_t id;

	ASSERT_EQ(0, kid_ready(&kid, kid_waits, NULL));
	id = stage_join(_metadata, s, kid.pid);
	stage_hold(_metadata, s);
	tell(kid.ctl, 0);
	ASSERT_EQ(0, kid_reap(&kid));
	expect_gone(_metadata, s, id, kid.pid);
	kid_close(&kid);
}

TEST_F(exit, zombie_seen_by_waitid)
{
	struct stage *s = &self->s;
	struct kid kid;
	siginfo_t info;
	uint64_t id;

	ASSERT_EQ(0, kid_ready(&kid, kid_waits, NULL));
	id = stage_join(_metadata, s, kid.pid);
	stage_hold(_metadata, s);
	tell(kid.ctl, 0);
	ASSERT_EQ(0, waitid(P_PID, kid.pid, &info, WEXITED | WNOWAIT));
	expect_gone(_metadata, s, id, kid.pid);
	EXPECT_EQ('Z', process_state(kid.pid));
	EXPECT_EQ(0, kid_reap(&kid));
	expect_gone(_metadata, s, id, kid.pid);
	kid_close(&kid);
}

TEST_F(exit, zombie_seen_by_poll)
{
	struct stage *s = &self->s;
	struct kid kid;
	uint64_t id;

	ASSERT_EQ(0, kid_ready(&kid, kid_waits, NULL));
	id = stage_join(_metadata, s, kid.pid);
	stage_hold(_metadata, s);
	tell(kid.ctl, 0);
	ASSERT_TRUE(wait_readable(kid.pidfd));
	expect_gone(_metadata, s, id, kid.pid);
	EXPECT_EQ('Z', process_state(kid.pid));
	EXPECT_EQ(0, kid_reap(&kid));
	expect_gone(_metadata, s, id, kid.pid);
	kid_close(&kid);
}

TEST_F(exit, zombie_seen_by_epoll)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct stage *s = &self->s;
	int epfd = epoll_create1(0);
	struct kid kid;
	uint64_t id;

	ASSERT_EQ(0, kid_ready(&kid, kid_waits, NULL));
	ASSERT_EQ(0, epoll_ctl(epfd, EPOLL_CTL_ADD, kid.pidfd, &event));
	id = stage_join(_metadata, s, kid.pid);
	stage_hold(_metadata, s);
	tell(kid.ctl, 0);
	ASSERT_EQ(1, epoll_wait(epfd, &event, 1, LIMIT_MS));
	expect_gone(_metadata, s, id, kid.pid);
	EXPECT_EQ('Z', process_state(kid.pid));
	close(epfd);
	kid_kill(&kid);
}

TEST_F(exit, killed)
{
	struct stage *s = &self->s;
	struct kid kid;
	uint64_t id;

	ASSERT_EQ(0, kid_ready(&kid, kid_waits, NULL));
	id = stage_join(_metadata, s, kid.pid);
	stage_hold(_metadata, s);
	kill(kid.pid, SIGKILL);
	ASSERT_EQ(SIGKILL, kid_reap(&kid));
	expect_gone(_metadata, s, id, kid.pid);
	kid_close(&kid);
}

/* Ends a process that is reaped without a wait of its parent. */
static void auto_reaped(struct __test_metadata *_metadata, struct stage *s,
			const struct sigaction *sigchld)
{
	struct kid kid;
	uint64_t id;

	ASSERT_EQ(0, sigaction(SIGCHLD, sigchld, NULL));
	ASSERT_EQ(0, kid_ready(&kid, kid_waits, NULL));
	id = stage_join(_metadata, s, kid.pid);
	stage_hold(_metadata, s);
	tell(kid.ctl, 0);
	ASSERT_TRUE(wait_readable(kid.pidfd));
	expect_gone(_metadata, s, id, kid.pid);
	EXPECT_EQ(-1, kid_reap(&kid));
	EXPECT_EQ(ECHILD, errno);
	expect_gone(_metadata, s, id, kid.pid);
	kid_close(&kid);
}

TEST_F(exit, auto_reaped_as_sigchld_is_ignored)
{
	auto_reaped(_metadata, &self->s, &(struct sigaction){ .sa_handler = SIG_IGN });
}

static void on_sigchld(int signo)
{
	(void)signo;
}

TEST_F(exit, auto_reaped_by_sa_nocldwait)
{
	auto_reaped(_metadata, &self->s, &(struct sigaction){
		.sa_handler = on_sigchld, .sa_flags = SA_NOCLDWAIT | SA_RESTART });
}

TEST_F(exit, waitpid_that_finds_no_child_left)
{
	struct stage *s = &self->s;
	struct kid kid;
	uint64_t id;

	signal(SIGCHLD, SIG_IGN);
	ASSERT_EQ(0, kid_ready(&kid, kid_waits, NULL));
	id = stage_join(_metadata, s, kid.pid);
	stage_hold(_metadata, s);
	tell(kid.ctl, 0);
	ASSERT_EQ(-1, kid_reap(&kid));
	ASSERT_EQ(ECHILD, errno);
	expect_gone(_metadata, s, id, kid.pid);
	kid_close(&kid);
}

static void kid_dumps_core(int ctl, const void *arg)
{
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };

	if (chdir(arg) || setrlimit(RLIMIT_CORE, &unlimited))
		_exit(1);
	ready(ctl, 0);
	abort();
}

TEST_F(exit, core_dump)
{
	const char *sysctl = "/proc/sys/kernel/core_pattern";
	char pattern[256], dir[] = "/tmp/pgnl-core-XXXXXX", core[64];
	struct stage *s = &self->s;
	struct kid kid;
	int status;
	uint64_t id;

	ASSERT_TRUE(read_text(pattern, sizeof(pattern), sysctl));
	ASSERT_TRUE(mkdtemp(dir));
	ASSERT_TRUE(write_text(sysctl, "core"));
	ASSERT_EQ(0, kid_ready(&kid, kid_dumps_core, dir));
	id = stage_join(_metadata, s, kid.pid);
	stage_hold(_metadata, s);
	tell(kid.ctl, 0);
	status = kid_reap(&kid);
	EXPECT_EQ(SIGABRT, WTERMSIG(status));
	EXPECT_TRUE(WCOREDUMP(status));
	expect_gone(_metadata, s, id, kid.pid);
	kid_close(&kid);

	EXPECT_TRUE(write_text(sysctl, pattern));
	snprintf(core, sizeof(core), "%s/core", dir);
	snprintf(pattern, sizeof(pattern), "%s.%d", core, kid.pid);
	EXPECT_TRUE(!unlink(core) || !unlink(pattern));
	rmdir(dir);
}

TEST_F(exit, killed_while_stopped)
{
	struct stage *s = &self->s;
	struct kid kid;
	int status;
	uint64_t id;

	ASSERT_EQ(0, kid_ready(&kid, kid_waits, NULL));
	id = stage_join(_metadata, s, kid.pid);
	kill(kid.pid, SIGSTOP);
	ASSERT_EQ(kid.pid, waitpid(kid.pid, &status, WUNTRACED));
	ASSERT_TRUE(WIFSTOPPED(status));
	expect_member(_metadata, s, id, kid.pid);
	stage_hold(_metadata, s);
	kill(kid.pid, SIGKILL);
	ASSERT_EQ(SIGKILL, kid_reap(&kid));
	expect_gone(_metadata, s, id, kid.pid);
	kid_close(&kid);
}

/* --- Threads -------------------------------------------------------------- */

static void *thread_pauses(void *arg)
{
	while (pause() < 0)
		;
	return arg;
}

static void kid_with_threads(int ctl, const void *arg)
{
	pthread_t thread;
	int i;

	(void)arg;
	for (i = 0; i < 3; i++)
		if (pthread_create(&thread, NULL, thread_pauses, NULL))
			_exit(1);
	ready(ctl, 0);
}

TEST_F(exit, killed_with_four_threads)
{
	struct stage *s = &self->s;
	struct kid kid;
	uint64_t id;

	ASSERT_EQ(0, kid_ready(&kid, kid_with_threads, NULL));
	id = stage_join(_metadata, s, kid.pid);
	stage_hold(_metadata, s);
	kill(kid.pid, SIGKILL);
	ASSERT_EQ(SIGKILL, kid_reap(&kid));
	expect_gone(_metadata, s, id, kid.pid);
	kid_close(&kid);
}

TEST_F(exit, exit_group_with_four_threads)
{
	struct stage *s = &self->s;
	struct kid kid;
	uint64_t id;

	ASSERT_EQ(0, kid_ready(&kid, kid_with_threads, NULL));
	id = stage_join(_metadata, s, kid.pid);
	stage_hold(_metadata, s);
	tell(kid.ctl, 0);
	ASSERT_TRUE(wait_readable(kid.pidfd));
	expect_gone(_metadata, s, id, kid.pid);
	EXPECT_EQ(0, kid_reap(&kid));
	kid_close(&kid);
}

struct script {
	int ctl;
	sem_t told;		/* the leader may end */
	void (*then)(int ctl);	/* what the thread does as the last one */
};

static void *thread_outlives_leader(void *arg)
{
	struct script *script = arg;

	ready(script->ctl, gettid());
	sem_post(&script->told);
	if (!wait_until(process_state(getpid()) == 'Z'))
		_exit(1);
	script->then(script->ctl);
	syscall(SYS_exit, 0);
	return NULL;
}

/*
 * Says the tid of its second thread; when told, the leader ends and the thread
 * goes on with @arg.
 */
static void kid_leader_ends(int ctl, const void *arg)
{
	static struct script script;
	pthread_t thread;

	script = (struct script){ .ctl = ctl, .then = arg };
	sem_init(&script.told, 0, 0);
	if (pthread_create(&thread, NULL, thread_outlives_leader, &script))
		_exit(1);
	sem_wait(&script.told);
	syscall(SYS_exit, 0);
}

static void say_ready(int ctl)
{
	ready(ctl, 0);
}

static void become_cat(int ctl)
{
	dup2(ctl, STDIN_FILENO);
	dup2(ctl, STDOUT_FILENO);
	execlp("cat", "cat", NULL);
	_exit(1);
}

TEST_F(exit, last_thread_after_the_leader)
{
	struct stage *s = &self->s;
	struct kid kid;
	uint64_t id;

	ASSERT_LT(0, kid_ready(&kid, kid_leader_ends, say_ready));
	id = stage_join(_metadata, s, kid.pid);
	tell(kid.ctl, 0);
	ASSERT_EQ(0, hear(kid.ctl));
	ASSERT_EQ('Z', process_state(kid.pid));
	expect_member(_metadata, s, id, kid.pid);
	stage_hold(_metadata, s);
	tell(kid.ctl, 0);
	ASSERT_EQ(0, kid_reap(&kid));
	expect_gone(_metadata, s, id, kid.pid);
	kid_close(&kid);
}

TEST_F(exit, joined_after_its_leader_ended)
{
	struct stage *s = &self->s;
	struct kid kid;
	uint64_t id;

	ASSERT_LT(0, kid_ready(&kid, kid_leader_ends, say_ready));
	tell(kid.ctl, 0);
	ASSERT_EQ(0, hear(kid.ctl));
	ASSERT_EQ('Z', process_state(kid.pid));
	id = stage_join(_metadata, s, kid.pid);
	stage_hold(_metadata, s);
	tell(kid.ctl, 0);
	ASSERT_TRUE(wait_readable(kid.pidfd));
	expect_gone(_metadata, s, id, kid.pid);
	EXPECT_EQ(0, kid_reap(&kid));
	kid_close(&kid);
}

/* --- Ptrace --------------------------------------------------------------- */

/* Starts it with both threads traced by the test; the second thread's tid. */
static pid_t start_traced(struct __test_metadata *_metadata, struct kid *kid,
			  kid_fn fn, const void *arg)
{
	pid_t tid = kid_ready(kid, fn, arg);

	ASSERT_LT(0, tid);
	ASSERT_EQ(0, ptrace(PTRACE_SEIZE, kid->pid, NULL, NULL));
	ASSERT_EQ(0, ptrace(PTRACE_SEIZE, tid, NULL, NULL));
	return tid;
}

TEST_F(exit, last_thread_after_the_leader_traced)
{
	struct stage *s = &self->s;
	struct kid kid;
	uint64_t id;
	pid_t tid;

	tid = start_traced(_metadata, &kid, kid_leader_ends, say_ready);
	id = stage_join(_metadata, s, kid.pid);
	tell(kid.ctl, 0);
	ASSERT_EQ(0, hear(kid.ctl));
	ASSERT_EQ('Z', process_state(kid.pid));
	/* Here 6.1 has woken the waiters of the pid, though the process lives. */
	expect_member(_metadata, s, id, kid.pid);
	stage_hold(_metadata, s);
	tell(kid.ctl, 0);
	ASSERT_EQ(tid, waitpid(tid, NULL, __WALL));
	ASSERT_EQ(0, kid_reap(&kid));
	expect_gone(_metadata, s, id, kid.pid);
	kid_close(&kid);
}

/*
 * All threads are dead, but the tracer has not reaped the last one, so that
 * nobody is told yet that the process has ended. The kernel learns of such an
 * end when a reader meets the row: then counts and subscribers follow.
 */
TEST_F(exit, last_thread_a_zombie_of_its_tracer)
{
	struct ear ear = { .c = client_open() };
	struct stage *s = &self->s;
	struct event event;
	struct kid kid;
	uint64_t id;
	pid_t tid;

	tid = start_traced(_metadata, &kid, kid_leader_ends, say_ready);
	id = stage_join(_metadata, s, kid.pid);
	ASSERT_LT(0, subscribe(ear.c, NULL, "alone"));
	tell(kid.ctl, 0);
	ASSERT_EQ(0, hear(kid.ctl));
	tell(kid.ctl, 0);
	ASSERT_TRUE(wait_until(thread_state(kid.pid, tid) == 'Z'));
	EXPECT_STREQ("", seen(s->c, NULL, "alone", id, kid.pid));
	ASSERT_EQ(0, next_event(&ear, &event, EVENT_LIMIT));
	EXPECT_EQ(PGNL_REASON_EXITED, event.reason);
	EXPECT_TRUE(event.ended);
	client_close(ear.c);
	EXPECT_STREQ("", seen(s->c, NULL, "shared", id, kid.pid));
	EXPECT_EQ(-ESRCH, join(s->c, NULL, "late", kid.pid));
	EXPECT_STREQ("", verify(s->c));
	stage_hold(_metadata, s);
	ASSERT_EQ(tid, waitpid(tid, NULL, __WALL));
	ASSERT_EQ(0, kid_reap(&kid));
	expect_gone(_metadata, s, id, kid.pid);
	kid_close(&kid);
}

TEST_F(exit, killed_while_traced)
{
	struct stage *s = &self->s;
	struct kid kid;
	uint64_t id;

	ASSERT_EQ(0, kid_ready(&kid, kid_waits, NULL));
	ASSERT_EQ(0, ptrace(PTRACE_SEIZE, kid.pid, NULL, NULL));
	ASSERT_EQ(0, ptrace(PTRACE_INTERRUPT, kid.pid, NULL, NULL));
	ASSERT_EQ(kid.pid, waitpid(kid.pid, NULL, __WALL));
	id = stage_join(_metadata, s, kid.pid);
	stage_hold(_metadata, s);
	kill(kid.pid, SIGKILL);
	ASSERT_EQ(SIGKILL, kid_reap(&kid));
	expect_gone(_metadata, s, id, kid.pid);
	kid_close(&kid);
}

/* --- Exec ----------------------------------------------------------------- */

/* The kid has become cat, which alone sends back what it is told. */
static void expect_cat(struct __test_metadata *_metadata, struct kid *kid)
{
	ASSERT_TRUE(tell(kid->ctl, 42));
	ASSERT_EQ(42, hear(kid->ctl));
}

static void kid_execs(int ctl, const void *arg)
{
	(void)arg;
	ready(ctl, 0);
	become_cat(ctl);
}

static void *thread_execs(void *arg)
{
	int ctl = *(int *)arg;

	ready(ctl, gettid());
	become_cat(ctl);
	return NULL;
}

static void kid_execs_from_thread(int ctl, const void *arg)
{
	pthread_t thread;

	(void)arg;
	if (pthread_create(&thread, NULL, thread_execs, &ctl))
		_exit(1);
	thread_pauses(NULL);
}

/* A started kid that execs when told stays a member until it ends. */
static void exec_and_end(struct __test_metadata *_metadata, struct stage *s, struct kid *kid)
{
	uint64_t id = stage_join(_metadata, s, kid->pid);

	tell(kid->ctl, 0);
	expect_cat(_metadata, kid);
	expect_member(_metadata, s, id, kid->pid);
	EXPECT_EQ(2, join(s->c, NULL, "alone", kid->pid));
	EXPECT_EQ(id, reply_id(s->c, 0));
	stage_hold(_metadata, s);
	shutdown(kid->ctl, SHUT_RDWR);
	ASSERT_EQ(0, kid_reap(kid));
	expect_gone(_metadata, s, id, kid->pid);
	kid_close(kid);
}

TEST_F(exit, after_exec)
{
	struct kid kid;

	ASSERT_EQ(0, kid_ready(&kid, kid_execs, NULL));
	exec_and_end(_metadata, &self->s, &kid);
}

TEST_F(exit, after_exec_from_a_thread)
{
	struct kid kid;

	ASSERT_LT(0, kid_ready(&kid, kid_execs_from_thread, NULL));
	exec_and_end(_metadata, &self->s, &kid);
}

TEST_F(exit, after_exec_from_a_thread_traced)
{
	struct kid kid;

	start_traced(_metadata, &kid, kid_execs_from_thread, NULL);
	exec_and_end(_metadata, &self->s, &kid);
}

TEST_F(exit, after_exec_of_the_last_thread)
{
	struct kid kid;

	ASSERT_LT(0, kid_ready(&kid, kid_leader_ends, become_cat));
	exec_and_end(_metadata, &self->s, &kid);
}

/* --- Families ------------------------------------------------------------- */

static void kid_vforks(int ctl, const void *arg)
{
	(void)arg;
	ready(ctl, 0);
	if (vfork() == 0) {
		ready(ctl, getpid());
		_exit(0);
	}
	ready(ctl, 0);
}

TEST_F(exit, vfork_child_leaves_alone)
{
	struct stage *s = &self->s;
	uint64_t parent_id, id;
	int pidfd, child;
	struct kid kid;

	ASSERT_EQ(0, kid_ready(&kid, kid_vforks, NULL));
	ASSERT_EQ(1, join(s->c, NULL, "parents", kid.pid));
	parent_id = reply_id(s->c, 0);
	stage_note(_metadata, s);
	tell(kid.ctl, 0);
	child = hear(kid.ctl);
	ASSERT_LT(0, child);
	EXPECT_EQ(0, process_do(s->c, 0, child));
	pidfd = open_pidfd(child);
	id = stage_join(_metadata, s, child);
	EXPECT_NE(parent_id, id);
	stage_hold(_metadata, s);
	tell(kid.ctl, 0);
	ASSERT_TRUE(wait_readable(pidfd));
	expect_gone(_metadata, s, id, child);
	ASSERT_EQ(0, hear(kid.ctl));
	EXPECT_STREQ("", missed(s->c, NULL, "parents", parent_id, kid.pid));
	close(pidfd);
	kid_kill(&kid);
}

/* Forks a process that is ready with its pid, then does nothing itself. */
static void kid_forks(int ctl, const void *arg)
{
	(void)arg;
	ready(ctl, 0);
	if (fork() == 0) {
		prctl(PR_SET_PDEATHSIG, 0);
		ready(ctl, getpid());
		_exit(0);
	}
	thread_pauses(NULL);
}

TEST_F(exit, zombie_that_gets_another_parent)
{
	struct stage *s = &self->s;
	int pidfd, child;
	struct kid kid;
	uint64_t id;

	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	ASSERT_EQ(0, kid_ready(&kid, kid_forks, NULL));
	tell(kid.ctl, 0);
	child = hear(kid.ctl);
	ASSERT_LT(0, child);
	pidfd = open_pidfd(child);
	id = stage_join(_metadata, s, child);
	stage_hold(_metadata, s);
	tell(kid.ctl, 0);
	ASSERT_TRUE(wait_readable(pidfd));
	expect_gone(_metadata, s, id, child);
	kid_kill(&kid);
	EXPECT_EQ('Z', process_state(child));
	expect_gone(_metadata, s, id, child);
	ASSERT_EQ(child, waitpid(child, NULL, 0));
	expect_gone(_metadata, s, id, child);
	close(pidfd);
}

TEST_F(exit, orphan)
{
	struct stage *s = &self->s;
	struct kid kid;
	uint64_t id;
	int child;

	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	ASSERT_EQ(0, kid_ready(&kid, kid_forks, NULL));
	tell(kid.ctl, 0);
	child = hear(kid.ctl);
	ASSERT_LT(0, child);
	id = stage_join(_metadata, s, child);
	kill(kid.pid, SIGKILL);
	ASSERT_EQ(SIGKILL, kid_reap(&kid));
	expect_member(_metadata, s, id, child);
	stage_hold(_metadata, s);
	tell(kid.ctl, 0);
	ASSERT_EQ(child, waitpid(child, NULL, 0));
	expect_gone(_metadata, s, id, child);
	kid_close(&kid);
}

#define INSIDE	10

/* As init: ten children, all in the group "inside" by their pids in there. */
static void kid_init_of_members(int ctl, const void *arg)
{
	struct client *c = client_open();
	struct crowd crowd;

	(void)arg;
	if (!c || crowd_start(&crowd, INSIDE))
		_exit(1);
	if (join_pids(c, NULL, "inside", crowd.pid, INSIDE) != 1 ||
	    join(c, NULL, "inside", 0) != 1)
		_exit(1);
	ready(ctl, getpid());
}

TEST_F(exit, all_members_in_a_pid_namespace_whose_init_is_killed)
{
	struct stage *s = &self->s;
	struct members list = {};
	struct kid kid;
	size_t i;

	ASSERT_EQ(1, ready_in_pidns(_metadata, &kid, kid_init_of_members, NULL));
	ASSERT_EQ(0, members(s->c, NULL, "inside", &list));
	ASSERT_EQ(INSIDE + 1, list.n);
	for (i = 0; i < list.n; i++) {
		EXPECT_STREQ("", missed(s->c, NULL, "inside", list.at[i].row.id,
					list.at[i].row.pid));
	}
	stage_hold(_metadata, s);
	kill(kid.pid, SIGKILL);
	ASSERT_EQ(SIGKILL, kid_reap(&kid));
	for (i = 0; i < list.n; i++) {
		EXPECT_STREQ("", seen(s->c, NULL, "inside", list.at[i].row.id,
				      list.at[i].row.pid));
	}
	EXPECT_STREQ("", miscounted(s->c, NULL, "inside", 0));
	stage_release(s);
	members_free(&list);
	kid_close(&kid);
}

/* A child of its own in the pid namespace of a process, which nobody reaps. */
static void kid_has_child_inside(int ctl, const void *arg)
{
	int ns = open(say("/proc/%d/ns/pid", *(const pid_t *)arg), O_RDONLY | O_CLOEXEC);
	pid_t child = setns(ns, CLONE_NEWPID) ? -1 : fork();

	if (!child)
		for (;;)
			pause();
	ready(ctl, child);
}

/* It stays until all others in there have been reaped, however long that takes. */
TEST_F(exit, init_of_a_pid_namespace_that_waits_for_others)
{
	struct stage *s = &self->s;
	struct kid init, other;
	uint64_t id;

	ASSERT_EQ(0, ready_in_pidns(_metadata, &init, kid_waits, NULL));
	ASSERT_LT(0, kid_ready(&other, kid_has_child_inside, &init.pid));
	id = stage_join(_metadata, s, init.pid);
	kill(init.pid, SIGKILL);
	EXPECT_TRUE(wait_until(!*seen(s->c, NULL, "alone", id, init.pid)));
	EXPECT_TRUE(wait_until(!*miscounted(s->c, NULL, "alone", 0)));
	EXPECT_EQ(0, waitpid(init.pid, NULL, WNOHANG));
	kid_kill(&other);
	ASSERT_EQ(SIGKILL, kid_reap(&init));
	kid_close(&init);
}

/* --- Much to leave -------------------------------------------------------- */

#define MANY	1000

TEST_F(exit, member_of_a_thousand_groups)
{
	struct stage *s = &self->s;
	char name[32];
	struct kid kid;
	uint64_t id;
	int i;

	ASSERT_EQ(0, kid_ready(&kid, kid_waits, NULL));
	member_req(s->c, PGNL_CMD_MEMBER_JOIN, NULL, NULL);
	put_u32(s->c, PGNL_A_PID, kid.pid);
	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "many-%d", i);
		put_str(s->c, PGNL_A_GROUP, name);
	}
	ASSERT_EQ(0, req_do(s->c));
	id = reply_id(s->c, 0);
	EXPECT_EQ(MANY, process_dump(s->c, id, 0));
	EXPECT_STREQ("", scope_miscounted(s->c, NULL, s->before.groups + MANY,
					  s->before.members + MANY));
	stage_hold(_metadata, s);
	tell(kid.ctl, 0);
	ASSERT_EQ(0, kid_reap(&kid));
	for (i = 0; i < MANY; i += MANY / 10) {
		snprintf(name, sizeof(name), "many-%d", i);
		EXPECT_STREQ("", seen(s->c, NULL, name, id, kid.pid));
	}
	EXPECT_EQ(0, listed(s->c, LIST_SCOPE, NULL, NULL, id));
	EXPECT_STREQ("", scope_miscounted(s->c, NULL, s->before.groups, s->before.members));
	stage_release(s);
	kid_close(&kid);
}

TEST_F(exit, member_in_two_scopes_and_two_network_namespaces)
{
	struct client *c[3];
	struct stage *s = &self->s;
	const char *scope[] = { "pg", "other", "pg" };
	struct kid kid;
	uint64_t id[3];
	int i;

	c[0] = s->c;
	c[1] = s->c;
	OPEN_OR_SKIP(c[2], client_in_new_netns());
	ASSERT_EQ(0, scope_new(s->c, "other", PGNL_SCOPE_MODE_PG));
	ASSERT_EQ(0, kid_ready(&kid, kid_waits, NULL));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(1, join(c[i], scope[i], "g", kid.pid));
		id[i] = reply_id(c[i], 0);
		EXPECT_STREQ("", missed(c[i], scope[i], "g", id[i], kid.pid));
	}
	EXPECT_EQ(id[0], id[1]);
	EXPECT_NE(id[0], id[2]);
	stage_hold(_metadata, s);
	tell(kid.ctl, 0);
	ASSERT_EQ(0, kid_reap(&kid));
	for (i = 2; i >= 0; i--) {
		EXPECT_STREQ("", seen(c[i], scope[i], "g", id[i], kid.pid));
	}
	for (i = 2; i >= 0; i--) {
		EXPECT_STREQ("", miscounted(c[i], scope[i], "g", 0));
	}
	stage_release(s);
	EXPECT_EQ(0, scope_del(s->c, "other"));
	EXPECT_STREQ("", verify(c[2]));
	client_close(c[2]);
	kid_close(&kid);
}

TEST_F(exit, joined_many_times)
{
	struct stage *s = &self->s;
	struct kid kid;
	uint64_t id;

	ASSERT_EQ(0, kid_ready(&kid, kid_waits, NULL));
	id = stage_join(_metadata, s, kid.pid);
	ASSERT_EQ(1001, join_times(s->c, NULL, "shared", kid.pid, 1000));
	EXPECT_STREQ("", miscounted(s->c, NULL, "shared", 1002));
	stage_hold(_metadata, s);
	tell(kid.ctl, 0);
	ASSERT_EQ(0, kid_reap(&kid));
	expect_gone(_metadata, s, id, kid.pid);
	kid_close(&kid);
}

TEST_F(exit, batch_with_a_zombie_is_refused_whole)
{
	struct kid kid[3];
	struct stage *s = &self->s;
	pid_t pids[3];
	int i;

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, kid_ready(&kid[i], kid_waits, NULL));
		pids[i] = kid[i].pid;
	}
	stage_hold(_metadata, s);
	kill(pids[1], SIGKILL);
	ASSERT_TRUE(wait_readable(kid[1].pidfd));
	EXPECT_EQ(-ESRCH, join_pids(s->c, NULL, "alone", pids, 3));
	EXPECT_EQ(PGNL_A_PID, blamed(s->c));
	EXPECT_EQ(1, blamed_index(s->c));
	stage_release(s);
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(0, process_do(s->c, 0, pids[i]));
	}
	EXPECT_STREQ("", miscounted(s->c, NULL, "alone", 0));
	for (i = 0; i < 3; i++)
		kid_kill(&kid[i]);
}

/* --- Reused pids ---------------------------------------------------------- */

TEST_F(exit, reused_pid_inherits_nothing)
{
	struct stage *s = &self->s;
	struct kid kid, heir;
	uint64_t id;

	ASSERT_EQ(0, kid_ready(&kid, kid_waits, NULL));
	id = stage_join(_metadata, s, kid.pid);
	stage_hold(_metadata, s);
	tell(kid.ctl, 0);
	ASSERT_EQ(0, kid_reap(&kid));
	ASSERT_EQ(0, kid_start_as(&heir, kid.pid, kid_waits, NULL));
	ASSERT_EQ(0, hear(heir.ctl));
	ASSERT_EQ(kid.pid, heir.pid);
	EXPECT_STREQ("", seen(s->c, NULL, "alone", id, heir.pid));
	EXPECT_STREQ("", seen(s->c, NULL, "shared", id, heir.pid));
	stage_release(s);

	/* What is left of the old one can't hit the new one. */
	EXPECT_GE(0, leave_id(s->c, NULL, "alone", id));
	EXPECT_NE(id, stage_join(_metadata, s, heir.pid));
	EXPECT_GE(0, leave_id(s->c, NULL, "alone", id));
	EXPECT_STREQ("", miscounted(s->c, NULL, "alone", 1));
	kid_kill(&heir);
	expect_gone(_metadata, s, id, kid.pid);
	kid_close(&kid);
}

/* The next process of this pid namespace gets @pid. */
static bool set_next_pid(pid_t pid)
{
	return write_text("/proc/sys/kernel/ns_last_pid", say("%d", pid - 1));
}

/* As init: a member's pid goes to a process that is none; what went wrong. */
static long reuse_pid_inside(void)
{
	struct client *c = client_open();
	struct kid kid, heir;
	uint64_t id;

	if (!c || kid_ready(&kid, kid_waits, NULL) || join(c, NULL, "inside", kid.pid) != 1)
		return __LINE__;
	id = reply_id(c, 0);
	kid_kill(&kid);
	if (!set_next_pid(kid.pid) || kid_ready(&heir, kid_waits, NULL) || heir.pid != kid.pid)
		return __LINE__;
	if (seen(c, NULL, "inside", id, heir.pid)[0])
		return __LINE__;
	if (join(c, NULL, "inside", heir.pid) != 1 || reply_id(c, 0) == id)
		return __LINE__;
	id = reply_id(c, 0);
	if (missed(c, NULL, "inside", id, heir.pid)[0])
		return __LINE__;
	kid_kill(&heir);
	if (seen(c, NULL, "inside", id, heir.pid)[0])
		return __LINE__;
	return 0;
}

static void kid_reuses_pids(int ctl, const void *arg)
{
	(void)arg;
	ready(ctl, reuse_pid_inside());
}

TEST_F(exit, reused_pid_of_a_pid_namespace_inherits_nothing)
{
	struct kid kid;

	EXPECT_EQ(0, ready_in_pidns(_metadata, &kid, kid_reuses_pids, NULL));
	EXPECT_STREQ("", miscounted(self->s.c, NULL, "inside", 0));
	kid_kill(&kid);
}

/* --- Out of memory -------------------------------------------------------- */

#define OOM_BYTES	(256UL << 20)

static void kid_eats_memory(int ctl, const void *arg)
{
	char *p;

	(void)arg;
	ready(ctl, 0);
	p = mmap(NULL, OOM_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p != MAP_FAILED)
		memset(p, 1, OOM_BYTES);
}

TEST_F(exit, killed_for_lack_of_memory)
{
	struct stage *s = &self->s;
	struct cgroup cg;
	struct kid kid;
	uint64_t id;

	if (!cgroup_new(&cg, "memory"))
		SKIP(return, "no memory controller");
	ASSERT_TRUE(cgroup_set(&cg, "memory.max", "16777216"));
	ASSERT_EQ(0, kid_ready(&kid, kid_eats_memory, NULL));
	ASSERT_TRUE(cgroup_set(&cg, "cgroup.procs", say("%d", kid.pid)));
	id = stage_join(_metadata, s, kid.pid);
	stage_hold(_metadata, s);
	tell(kid.ctl, 0);
	ASSERT_EQ(SIGKILL, kid_reap(&kid));
	expect_gone(_metadata, s, id, kid.pid);
	kid_close(&kid);
	EXPECT_TRUE(cgroup_end(&cg));
}

TEST_F(exit, killed_while_frozen)
{
	struct stage *s = &self->s;
	struct cgroup cg;
	struct kid kid;
	uint64_t id;

	if (!cgroup_new(&cg, NULL))
		SKIP(return, "no cgroup2");
	ASSERT_EQ(0, kid_ready(&kid, kid_waits, NULL));
	ASSERT_TRUE(cgroup_set(&cg, "cgroup.procs", say("%d", kid.pid)));
	id = stage_join(_metadata, s, kid.pid);
	ASSERT_TRUE(cgroup_set(&cg, "cgroup.freeze", "1"));
	ASSERT_TRUE(wait_until(cgroup_says(&cg, "cgroup.events", "frozen 1")));
	expect_member(_metadata, s, id, kid.pid);
	stage_hold(_metadata, s);
	kill(kid.pid, SIGKILL);
	ASSERT_EQ(SIGKILL, kid_reap(&kid));
	expect_gone(_metadata, s, id, kid.pid);
	kid_close(&kid);
	EXPECT_TRUE(cgroup_end(&cg));
}

TEST_HARNESS_MAIN
