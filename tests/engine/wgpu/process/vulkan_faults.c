// A Vulkan layer that makes the driver below it fail: what a GPU does once a year, whenever a test wants it.
//
// VAEVIS_FAULTS names a file, which may change at any time. While it holds "vkName what", calls of that function end
// so: "lost", "memory" and "failed" return the error, "hang" never returns, "crash" is a segmentation fault,
// "nothing" succeeds without doing anything, and "slow" takes 20 ms longer. A number behind them spares as many calls.
// "any" names all functions. The loader's interface is the one of vulkan/vk_layer.h.

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vulkan/vk_layer.h>
#include <vulkan/vulkan.h>

#define EXPORT __attribute__((visibility("default")))

enum { GO_ON = 1 };

static PFN_vkGetInstanceProcAddr next_instance_proc;
static PFN_vkGetDeviceProcAddr next_device_proc;
static VkInstance instance;

// The result that a function has to give, or GO_ON.
static int fault(const char *name) {
    static int calls;
    char line[100], wanted[60], what[20];
    int spared = 0;
    const char *path = getenv("VAEVIS_FAULTS");
    FILE *file = path ? fopen(path, "r") : NULL;
    if (!file) return GO_ON;
    char *got = fgets(line, sizeof line, file);
    fclose(file);
    if (!got || sscanf(line, "%59s %19s %d", wanted, what, &spared) < 2 || (strcmp(name, wanted) && strcmp("any", wanted)))
        return GO_ON;
    if (calls++ < spared) return GO_ON;
    if (!strcmp(what, "lost")) return VK_ERROR_DEVICE_LOST;
    if (!strcmp(what, "memory")) return VK_ERROR_OUT_OF_DEVICE_MEMORY;
    if (!strcmp(what, "failed")) return VK_ERROR_INITIALIZATION_FAILED;
    if (!strcmp(what, "nothing")) return VK_SUCCESS;
    if (!strcmp(what, "hang")) for (;;) pause();
    if (!strcmp(what, "crash")) raise(SIGSEGV);
    if (!strcmp(what, "slow")) usleep(20000);
    return GO_ON;
}

// A function of the device that fails where it is told to: FAULTY(name, parameters, arguments).
#define FAULTY(name, parameters, arguments)                            \
    static PFN_vk##name next_##name;                                          \
    static VKAPI_ATTR VkResult VKAPI_CALL faulty_##name parameters {          \
        int result = fault("vk" #name);                                  \
        return result == GO_ON ? next_##name arguments : (VkResult)result;              \
    }

FAULTY(AllocateMemory,
       (VkDevice d, const VkMemoryAllocateInfo *i, const VkAllocationCallbacks *a, VkDeviceMemory *m), (d, i, a, m))
FAULTY(MapMemory,
       (VkDevice d, VkDeviceMemory m, VkDeviceSize o, VkDeviceSize s, VkMemoryMapFlags f, void **p),
       (d, m, o, s, f, p))
FAULTY(CreateBuffer,
       (VkDevice d, const VkBufferCreateInfo *i, const VkAllocationCallbacks *a, VkBuffer *b), (d, i, a, b))
FAULTY(CreateImage,
       (VkDevice d, const VkImageCreateInfo *i, const VkAllocationCallbacks *a, VkImage *m), (d, i, a, m))
FAULTY(CreateShaderModule,
       (VkDevice d, const VkShaderModuleCreateInfo *i, const VkAllocationCallbacks *a, VkShaderModule *m),
       (d, i, a, m))
FAULTY(CreateComputePipelines,
       (VkDevice d, VkPipelineCache c, uint32_t n, const VkComputePipelineCreateInfo *i,
        const VkAllocationCallbacks *a, VkPipeline *p),
       (d, c, n, i, a, p))
FAULTY(QueueSubmit, (VkQueue q, uint32_t n, const VkSubmitInfo *s, VkFence f), (q, n, s, f))
FAULTY(DeviceWaitIdle, (VkDevice d), (d))
FAULTY(WaitForFences,
       (VkDevice d, uint32_t n, const VkFence *f, VkBool32 all, uint64_t t), (d, n, f, all, t))
FAULTY(GetFenceStatus, (VkDevice d, VkFence f), (d, f))
FAULTY(WaitSemaphores, (VkDevice d, const VkSemaphoreWaitInfo *i, uint64_t t), (d, i, t))
FAULTY(GetSemaphoreCounterValue, (VkDevice d, VkSemaphore s, uint64_t *v), (d, s, v))

static PFN_vkCmdDispatch next_CmdDispatch;

static VKAPI_ATTR void VKAPI_CALL faulty_CmdDispatch(VkCommandBuffer b, uint32_t x, uint32_t y, uint32_t z) {
    if (fault("vkCmdDispatch") == GO_ON) next_CmdDispatch(b, x, y, z);
}

static PFN_vkDestroyDevice next_DestroyDevice;

static VKAPI_ATTR void VKAPI_CALL faulty_DestroyDevice(VkDevice d, const VkAllocationCallbacks *a) {
    if (fault("vkDestroyDevice") == GO_ON) next_DestroyDevice(d, a);
}

static PFN_vkEnumeratePhysicalDevices next_EnumeratePhysicalDevices;

static VKAPI_ATTR VkResult VKAPI_CALL faulty_EnumeratePhysicalDevices(VkInstance i, uint32_t *n, VkPhysicalDevice *d) {
    int result = fault("vkEnumeratePhysicalDevices");
    if (result != GO_ON) return (VkResult)result;
    return next_EnumeratePhysicalDevices(i, n, d);
}

static VKAPI_ATTR VkResult VKAPI_CALL faulty_CreateInstance(
    const VkInstanceCreateInfo *info, const VkAllocationCallbacks *allocator, VkInstance *made) {
    VkLayerInstanceCreateInfo *link = (VkLayerInstanceCreateInfo *)info->pNext;
    while (link->sType != VK_STRUCTURE_TYPE_LOADER_INSTANCE_CREATE_INFO || link->function != VK_LAYER_LINK_INFO)
        link = (VkLayerInstanceCreateInfo *)link->pNext;
    next_instance_proc = link->u.pLayerInfo->pfnNextGetInstanceProcAddr;
    link->u.pLayerInfo = link->u.pLayerInfo->pNext;
    int result = fault("vkCreateInstance");
    if (result != GO_ON) return (VkResult)result;
    result = ((PFN_vkCreateInstance)next_instance_proc(NULL, "vkCreateInstance"))(info, allocator, made);
    instance = *made;
    next_EnumeratePhysicalDevices =
        (PFN_vkEnumeratePhysicalDevices)next_instance_proc(instance, "vkEnumeratePhysicalDevices");
    return result;
}

static VKAPI_ATTR VkResult VKAPI_CALL faulty_CreateDevice(
    VkPhysicalDevice device, const VkDeviceCreateInfo *info, const VkAllocationCallbacks *allocator, VkDevice *made) {
    VkLayerDeviceCreateInfo *link = (VkLayerDeviceCreateInfo *)info->pNext;
    while (link->sType != VK_STRUCTURE_TYPE_LOADER_DEVICE_CREATE_INFO || link->function != VK_LAYER_LINK_INFO)
        link = (VkLayerDeviceCreateInfo *)link->pNext;
    PFN_vkGetInstanceProcAddr proc = link->u.pLayerInfo->pfnNextGetInstanceProcAddr;
    next_device_proc = link->u.pLayerInfo->pfnNextGetDeviceProcAddr;
    link->u.pLayerInfo = link->u.pLayerInfo->pNext;
    int result = fault("vkCreateDevice");
    if (result != GO_ON) return (VkResult)result;
    return ((PFN_vkCreateDevice)proc(instance, "vkCreateDevice"))(device, info, allocator, made);
}

#define OVERRIDE(name, function)                                               \
    if (!strcmp(asked, "vk" #name)) return (PFN_vkVoidFunction)function;
#define OVERRIDE_NEXT(name, alias)                                             \
    if (!strcmp(asked, "vk" #name alias)) {                                    \
        PFN_vkVoidFunction found = next_device_proc(device, asked);            \
        if (found) next_##name = (PFN_vk##name)found;                          \
        return found ? (PFN_vkVoidFunction)faulty_##name : NULL;               \
    }

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL device_proc(VkDevice device, const char *asked) {
    OVERRIDE(GetDeviceProcAddr, device_proc)
    OVERRIDE_NEXT(AllocateMemory, "")
    OVERRIDE_NEXT(MapMemory, "")
    OVERRIDE_NEXT(CreateBuffer, "")
    OVERRIDE_NEXT(CreateImage, "")
    OVERRIDE_NEXT(CreateShaderModule, "")
    OVERRIDE_NEXT(CreateComputePipelines, "")
    OVERRIDE_NEXT(QueueSubmit, "")
    OVERRIDE_NEXT(DeviceWaitIdle, "")
    OVERRIDE_NEXT(DestroyDevice, "")
    OVERRIDE_NEXT(WaitForFences, "")
    OVERRIDE_NEXT(GetFenceStatus, "")
    OVERRIDE_NEXT(WaitSemaphores, "")
    OVERRIDE_NEXT(WaitSemaphores, "KHR")
    OVERRIDE_NEXT(GetSemaphoreCounterValue, "")
    OVERRIDE_NEXT(GetSemaphoreCounterValue, "KHR")
    OVERRIDE_NEXT(CmdDispatch, "")
    return next_device_proc(device, asked);
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL instance_proc(VkInstance of, const char *asked) {
    OVERRIDE(GetInstanceProcAddr, instance_proc)
    OVERRIDE(GetDeviceProcAddr, device_proc)
    OVERRIDE(CreateInstance, faulty_CreateInstance)
    OVERRIDE(CreateDevice, faulty_CreateDevice)
    OVERRIDE(EnumeratePhysicalDevices, faulty_EnumeratePhysicalDevices)
    return next_instance_proc ? next_instance_proc(of, asked) : NULL;
}

EXPORT VKAPI_ATTR VkResult VKAPI_CALL vkNegotiateLoaderLayerInterfaceVersion(VkNegotiateLayerInterface *layer) {
    layer->loaderLayerInterfaceVersion = 2;
    layer->pfnGetInstanceProcAddr = instance_proc;
    layer->pfnGetDeviceProcAddr = device_proc;
    layer->pfnGetPhysicalDeviceProcAddr = NULL;
    return VK_SUCCESS;
}
