// SPDX-License-Identifier: GPL-2.0-or-later
/* The program that a bystander executes: it ends at once. */
int main(void)
{
	return 0;
}
