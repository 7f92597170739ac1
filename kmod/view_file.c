// SPDX-License-Identifier: GPL-2.0-only
/*
 * The file of a view: it can be mapped for reading, passed on and closed.
 *
 * Rights were checked when it was made, as for a file that is opened. A
 * mapping holds the file, and the file the view and the module.
 */
#include <linux/anon_inodes.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/seq_file.h>

#include "deaths.h"
#include "view.h"
#include "view_mem.h"

static struct page *page_at(struct pgnl_view *view, unsigned long offset)
{
	void *page;

	if (offset >= PGNL_VIEW_WORDS_AT && offset < PGNL_VIEW_BUCKETS_AT)
		return pgnl_deaths_page(view->deaths,
					(offset - PGNL_VIEW_WORDS_AT) >> PAGE_SHIFT);
	page = pgnl_view_at(view, offset);
	return page ? virt_to_page(page) : NULL;
}

/* Pages appear and stay, so no lock is needed, and what is mapped is right. */
static vm_fault_t view_fault(struct vm_fault *vmf)
{
	struct pgnl_view *view = vmf->vma->vm_file->private_data;
	struct page *page = page_at(view, vmf->pgoff << PAGE_SHIFT);

	if (!page)
		return VM_FAULT_SIGBUS;
	get_page(page);
	vmf->page = page;
	return 0;
}

static const struct vm_operations_struct view_vm_ops = {
	.fault = view_fault,
};

static void set_flags(struct vm_area_struct *vma)
{
#ifdef PGNL_HAVE_VM_FLAGS_MOD
	vm_flags_mod(vma, VM_DONTEXPAND | VM_DONTDUMP, VM_MAYWRITE | VM_MAYEXEC);
#else
	vma->vm_flags |= VM_DONTEXPAND | VM_DONTDUMP;
	vma->vm_flags &= ~(VM_MAYWRITE | VM_MAYEXEC);
#endif
}

static int view_mmap(struct file *file, struct vm_area_struct *vma)
{
	if (vma->vm_flags & (VM_WRITE | VM_EXEC))
		return -EACCES;
	if (vma->vm_pgoff + vma_pages(vma) > PGNL_VIEW_SIZE >> PAGE_SHIFT)
		return -EINVAL;
	set_flags(vma);
	vma->vm_ops = &view_vm_ops;
	return 0;
}

static int view_release(struct inode *inode, struct file *file)
{
	pgnl_view_close(file->private_data);
	return 0;
}

static void view_show(struct seq_file *m, struct file *file)
{
	struct pgnl_view *view = file->private_data;

	seq_printf(m, "pgnl-scope:\t%s\n", view->head->scope);
}

static const struct file_operations view_fops = {
	.owner = THIS_MODULE,
	.mmap = view_mmap,
	.release = view_release,
	.show_fdinfo = view_show,
	.llseek = noop_llseek,
};

/**
 * pgnl_view_file() - Make a file of a view.
 * @view: the view, opened; the file closes it
 *
 * Return: the file, or an ERR_PTR() and the view is still the caller's.
 */
struct file *pgnl_view_file(struct pgnl_view *view)
{
	return anon_inode_getfile("[pgnl-view]", &view_fops, view, O_RDONLY);
}
