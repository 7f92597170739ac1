// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A work queue on inboxes, which loses no job when a worker is killed.
 *
 *	work-queue GROUP WORKERS JOBS [DEADLY]
 *
 * Each worker opens an inbox and joins the group. The parent sends each job to
 * one of them, in turn, and is told which one has it; it watches that one by a
 * pidfd. A worker answers to the sender of the job, by its member id. When a
 * worker ends, the jobs that it has not answered go to others: also those that
 * it had not read yet, or was amid, as the one that job DEADLY kills.
 */

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <pgnl.h>

struct job {
	uint64_t worker;	/* member id of who has it; 0: nobody */
	int tries;
	int done;
};

struct worker {
	uint64_t id;
	int pidfd;
};

struct queue {
	struct pgnl *handle;
	struct pgnl_inbox *inbox;
	const char *group;
	char answers[300];	/* the group that the parent is in */
	int deadly;
	int n_jobs;
	int n_done;
	int n_again;
	struct job *jobs;
	int n_workers;		/* that we watch */
	struct worker *workers;
	struct pollfd *polls;	/* the inbox, then the workers */
};

static void die(const struct pgnl *handle, const char *what, int ret)
{
	const char *text = handle ? pgnl_last_error(handle)->text : "";

	fprintf(stderr, "work-queue: %s: %s%s%s\n", what, text, *text ? ": " : "",
		strerror(-ret));
	exit(1);
}

static void nap(void)
{
	const struct timespec ms = { .tv_nsec = 1000000 };

	nanosleep(&ms, NULL);
}

/* --- A worker --- */

static void answer(struct pgnl *handle, const char *answers, const char *text, uint64_t to)
{
	struct pgnl_send_opts opts = { .uid = PGNL_ANY_UID, .ids = &to, .n_ids = 1 };
	struct pgnl_sent sent;
	int ret;

	/* The parent may be slow; it may also have ended. */
	while (!(ret = pgnl_send(handle, NULL, answers, text, strlen(text), &opts, &sent)) &&
	       sent.full)
		nap();
	if (ret || !sent.reached)
		exit(0);
}

static void work(const char *group, const char *answers, int ready)
{
	struct pgnl_message message;
	struct pgnl_inbox *inbox;
	struct pgnl *handle;
	char text[64];
	int ret;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	ret = pgnl_open(&handle);
	if (ret)
		die(NULL, "open", ret);
	/* First the inbox, then the group: whoever is in it can take jobs. */
	ret = pgnl_inbox_open(handle, NULL, NULL, &inbox);
	if (!ret)
		ret = pgnl_join(handle, NULL, group, 0, NULL, NULL);
	if (ret)
		die(handle, "worker", ret);
	/* The end of the pipe's last writer tells the parent: all are there. */
	close(ready);

	while (!(ret = pgnl_recv(inbox, &message, -1)) || ret == -EINTR) {
		if (ret)
			continue;
		snprintf(text, sizeof(text), "%.*s", (int)message.len, (const char *)message.data);
		if (strstr(text, "deadly"))
			raise(SIGKILL);
		answer(handle, answers, text, message.id);
	}
	exit(0);
}

static void start_workers(const struct queue *q, int n)
{
	int pipefd[2];
	char end;

	if (pipe(pipefd))
		die(NULL, "pipe", -errno);
	for (int i = 0; i < n; i++) {
		pid_t pid = fork();

		if (pid < 0)
			die(NULL, "fork", -errno);
		if (!pid)
			work(q->group, q->answers, pipefd[1]);
	}
	close(pipefd[1]);
	while (read(pipefd[0], &end, 1) > 0)
		;
	close(pipefd[0]);
}

/* --- The parent --- */

/* 0, also when it is watched already; -ESRCH when it has ended. */
static int watch(struct queue *q, uint64_t id)
{
	int pidfd;

	for (int i = 0; i < q->n_workers; i++)
		if (q->workers[i].id == id)
			return 0;
	pidfd = pgnl_pidfd_open(q->handle, id);
	if (pidfd < 0)
		return pidfd;
	q->workers[q->n_workers++] = (struct worker){ id, pidfd };
	return 0;
}

/* Returns 0 when nobody can take it now. */
static int send_job(struct queue *q, int number)
{
	struct pgnl_send_opts opts = {
		.flags = PGNL_ONE, .uid = PGNL_ANY_UID, .policy = PGNL_PICK_ROUND_ROBIN,
	};
	struct job *job = &q->jobs[number];
	struct pgnl_sent sent;
	char text[64];
	int ret;

	snprintf(text, sizeof(text), "%d%s", number,
		 number == q->deadly && !job->tries ? " deadly" : "");
	ret = pgnl_send(q->handle, NULL, q->group, text, strlen(text), &opts, &sent);
	if (ret)
		die(q->handle, "nobody is left to work", ret);
	if (!sent.reached)
		return 0;
	job->tries++;
	ret = watch(q, sent.id);
	if (ret && ret != -ESRCH)
		die(q->handle, "watch", ret);
	/* Who has ended at once has not done it, and needs no watching. */
	if (!ret)
		job->worker = sent.id;
	return 1;
}

static void send_jobs(struct queue *q)
{
	for (int i = 0; i < q->n_jobs; i++)
		if (!q->jobs[i].done && !q->jobs[i].worker && !send_job(q, i))
			return;
}

static void read_answers(struct queue *q)
{
	struct pgnl_message message;
	char text[64];
	int number;

	while (!pgnl_recv(q->inbox, &message, 0)) {
		snprintf(text, sizeof(text), "%.*s", (int)message.len, (const char *)message.data);
		number = atoi(text);
		if (number < 0 || number >= q->n_jobs || q->jobs[number].done ||
		    q->jobs[number].worker != message.id)
			continue;
		q->jobs[number].done = 1;
		q->n_done++;
	}
}

/* What it has answered is in our inbox, and was read before. */
static void bury(struct queue *q, int index)
{
	struct worker *worker = &q->workers[index];

	for (int i = 0; i < q->n_jobs; i++) {
		if (q->jobs[i].done || q->jobs[i].worker != worker->id)
			continue;
		printf("job %d: its worker has ended, it goes to another\n", i);
		q->jobs[i].worker = 0;
		q->n_again++;
	}
	close(worker->pidfd);
	*worker = q->workers[--q->n_workers];
}

static void wait_for_news(struct queue *q)
{
	int dead[q->n_workers + 1];

	q->polls[0] = (struct pollfd){ .fd = pgnl_inbox_fd(q->inbox), .events = POLLIN };
	for (int i = 0; i < q->n_workers; i++)
		q->polls[i + 1] = (struct pollfd){ q->workers[i].pidfd, POLLIN, 0 };
	/* Without a limit only when there is somebody to hear of. */
	if (poll(q->polls, q->n_workers + 1, q->n_workers ? -1 : 10) < 0 && errno != EINTR)
		die(NULL, "poll", -errno);
	for (int i = 0; i < q->n_workers; i++)
		dead[i] = q->polls[i + 1].revents;
	read_answers(q);
	for (int i = q->n_workers - 1; i >= 0; i--)
		if (dead[i])
			bury(q, i);
}

static void setup(struct queue *q, int n_workers)
{
	int ret;

	q->jobs = calloc(q->n_jobs, sizeof(*q->jobs));
	q->workers = calloc(n_workers, sizeof(*q->workers));
	q->polls = calloc(n_workers + 1, sizeof(*q->polls));
	if (!q->jobs || !q->workers || !q->polls)
		die(NULL, "start", -ENOMEM);
	/* Before there are inboxes: a child would keep ours open. */
	start_workers(q, n_workers);
	ret = pgnl_open(&q->handle);
	if (ret)
		die(NULL, "open", ret);
	ret = pgnl_inbox_open(q->handle, NULL, NULL, &q->inbox);
	if (!ret)
		ret = pgnl_join(q->handle, NULL, q->answers, 0, NULL, NULL);
	if (ret)
		die(q->handle, "start", ret);
}

int main(int argc, char **argv)
{
	struct queue q = { .deadly = -1 };
	int n_workers;

	if (argc < 4 || argc > 5) {
		fprintf(stderr, "usage: work-queue GROUP WORKERS JOBS [DEADLY]\n");
		return 1;
	}
	q.group = argv[1];
	n_workers = atoi(argv[2]);
	q.n_jobs = atoi(argv[3]);
	if (argc > 4)
		q.deadly = atoi(argv[4]);
	if (n_workers < 1 || q.n_jobs < 1) {
		fprintf(stderr, "work-queue: at least one worker and one job are needed\n");
		return 1;
	}
	snprintf(q.answers, sizeof(q.answers), "%s/answers", q.group);
	setup(&q, n_workers);
	while (q.n_done < q.n_jobs) {
		send_jobs(&q);
		wait_for_news(&q);
	}
	printf("%d jobs done, %d of them by another worker than the first\n", q.n_done, q.n_again);
	pgnl_inbox_close(q.inbox);
	pgnl_close(q.handle);
	return 0;
}
